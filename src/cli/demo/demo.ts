import { SluiceError } from '../../lib/error.ts';
import type { Session } from '../session.ts';

export interface DemoOptions {
  readonly session: Session;
  /** One JSON object a line, ends by itself. */
  readonly json: boolean;
  /** How much faster than the real plan. */
  readonly speed?: number;
}

/** Shows a good release promoted and a bad one taken back, on real traffic. Returns the exit code. */
export async function runDemo(options: DemoOptions): Promise<number> {
  await Promise.resolve();
  throw new SluiceError({
    code: 'unsupported',
    message: `the demo is not written yet (json ${options.json})`,
  });
}
