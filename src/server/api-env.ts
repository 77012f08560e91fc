import type { Context } from 'hono';
import type { Actor } from '../rollout/state.ts';

/** What the guards put into the context of a request. */
export interface ApiEnv {
  readonly Variables: {
    requestId: string;
    actor: Actor;
  };
}

export type ApiContext = Context<ApiEnv>;
