import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export type GateKind = 'gate' | 'rollback';

/**
 * Which gates and rollback switches are open, by `<name>.<namespace>`; closed is the default. Kept in a file, so that a
 * restart of the load tester does not close a gate that a person opened (Flagger's tester forgets).
 */
export class GateFile {
  private readonly path: string;
  private readonly open: Set<string>;

  constructor(path: string) {
    this.path = path;
    this.open = new Set(readNames(path));
  }

  isOpen(kind: GateKind, canary: string): boolean {
    return this.open.has(`${kind}/${canary}`);
  }

  /** Durable when it returns. */
  set(kind: GateKind, canary: string, open: boolean): void {
    const name = `${kind}/${canary}`;
    if (open) this.open.add(name);
    else this.open.delete(name);
    mkdirSync(dirname(this.path), { recursive: true });
    const draft = `${this.path}.new`;
    writeFileSync(draft, `${JSON.stringify({ version: 1, open: [...this.open].toSorted() })}\n`, {
      mode: 0o600,
      flush: true,
    });
    renameSync(draft, this.path);
  }
}

function readNames(path: string): string[] {
  try {
    const { open } = JSON.parse(readFileSync(path, 'utf8')) as { open?: unknown };
    return Array.isArray(open) ? open.filter((name) => typeof name === 'string') : [];
  } catch {
    return [];
  }
}
