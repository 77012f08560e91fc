import type { LiveUpdate } from '../../client/live-updates.ts';
import type { ServiceView } from '../../resource/view.ts';

/** What a live view knows; each update gives the next one. */
export interface LiveState {
  readonly services: ReadonlyMap<string, ServiceView>;
  /** The engine's clock minus the reader's, so that ages are right where the two differ. */
  readonly clockOffsetMs: number;
  /** false before the first snapshot. */
  readonly complete: boolean;
  /** Why the connection is broken, and since when; null = it is not. */
  readonly broken: { readonly message: string; readonly sinceMs: number } | null;
}

export const emptyLiveState: LiveState = {
  services: new Map(),
  clockOffsetMs: 0,
  complete: false,
  broken: null,
};

export function nextLiveState(state: LiveState, update: LiveUpdate, localNowMs: number): LiveState {
  switch (update.type) {
    case 'snapshot':
      return {
        services: new Map(update.data.services.map((service) => [service.key, service])),
        clockOffsetMs: update.data.nowMs - localNowMs,
        complete: true,
        broken: null,
      };
    case 'service':
      return {
        ...state,
        services: new Map(state.services).set(update.data.service.key, update.data.service),
        clockOffsetMs: update.data.nowMs - localNowMs,
        broken: null,
      };
    case 'gone': {
      const services = new Map(state.services);
      services.delete(update.data.key);
      return { ...state, services, broken: null };
    }
    case 'event':
    case 'ping':
      return state.broken === null ? state : { ...state, broken: null };
    case 'reconnecting':
      return {
        ...state,
        broken: { message: update.error.message, sinceMs: state.broken?.sinceMs ?? localNowMs },
      };
  }
}
