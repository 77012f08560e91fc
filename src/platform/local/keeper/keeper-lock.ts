import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { identify, isAlive, type ProcessIdentity } from '../process/identity.ts';

/**
 * One keeper a state directory: a file that names the process which holds it. A holder that is dead (or was alive before a
 * reboot) holds nothing. False: another one lives.
 */
export async function takeKeeperLock(path: string): Promise<boolean> {
  const self = identify(process.pid);
  if (self === null) throw new Error('this process cannot be identified');
  const own = JSON.stringify(self);
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, own, { mode: 0o600 });
  try {
    for (;;) {
      // A link is made as a whole or not at all, with its content, unlike a file that is created and then written.
      try {
        linkSync(temporary, path);
      } catch {
        const holder = readHolder(path);
        if (holder !== null && isAlive(holder)) return false;
        rmSync(path, { force: true });
        continue;
      }
      // Two that found the same dead holder may each have removed the other's file: the last one to link has it.
      await delay(50);
      if (readFileSync(path, 'utf8') === own) return true;
    }
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** The process that holds the lock, dead or alive; null: none ever did. */
export function readHolder(path: string): ProcessIdentity | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity;
  } catch {
    return null;
  }
}
