import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError } from '../lib/error.ts';

/** Where the engine is and what opens it. Both files are written by the engine, readable by its user alone. */
export interface Connection {
  /** Such as `http://127.0.0.1:41234`. */
  readonly address: string;
  readonly pid: number;
  readonly token: string;
}

/** What `engine.json` holds. */
export interface EngineFile {
  readonly version: 1;
  readonly address: string;
  readonly pid: number;
  readonly startedAtMs: number;
}

export function engineFilePath(state: string): string {
  return join(state, 'engine.json');
}

export function tokenPath(state: string): string {
  return join(state, 'token');
}

/** Throws SluiceError `unreachable` where no engine runs on that directory, `unauthorized` where its token cannot be read. */
export async function readConnection(state: string): Promise<Connection> {
  const file = await readEngineFile(state);
  if (file === null) {
    throw new SluiceError({ code: 'unreachable', message: `no engine runs on the state directory ${state}` });
  }
  try {
    return { address: file.address, pid: file.pid, token: (await readFile(tokenPath(state), 'utf8')).trim() };
  } catch (thrown) {
    throw new SluiceError({
      code: 'unauthorized',
      message: `the token of the engine cannot be read: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      cause: thrown,
    });
  }
}

/** null: there is none, or it is not one (an engine that died while it wrote it). */
export async function readEngineFile(state: string): Promise<EngineFile | null> {
  try {
    const value: unknown = JSON.parse(await readFile(engineFilePath(state), 'utf8'));
    return isEngineFile(value) ? value : null;
  } catch {
    return null;
  }
}

function isEngineFile(value: unknown): value is EngineFile {
  if (typeof value !== 'object' || value === null) return false;
  const { address, pid } = value as Partial<EngineFile>;
  return typeof address === 'string' && /^http:\/\/127\.0\.0\.1:\d+$/.test(address) && Number.isInteger(pid);
}
