import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

export type LogLevel = 'info' | 'warn' | 'error';
export type Log = (level: LogLevel, message: string) => void;

const rotateBytes = 10 * 1024 * 1024;

/** The engine's own log: one line an entry in `logs/engine.log`, rotated once, and to `echo` what people should see. */
export function openEngineLog(state: string, echo: (level: LogLevel, message: string) => void): Log {
  const folder = join(state, 'logs');
  const path = join(folder, 'engine.log');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return (level, message) => {
    echo(level, message);
    try {
      if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > rotateBytes) renameSync(path, `${path}.1`);
      appendFileSync(path, `${new Date().toISOString()} ${level} ${message}\n`, { mode: 0o600 });
    } catch {
      // A full disk must not end the engine for want of a log line; `readyz` and `doctor` tell of the disk.
    }
  };
}
