import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import type { NameView } from '../resource/view.ts';
import type { NameRegistry } from '../server/dependencies.ts';

export interface FileNameRegistry extends NameRegistry {
  /** `host:port` of a registered name or of a service; null for any other. */
  resolve(name: string): string | null;
}

/**
 * Names in a file of the state directory: a webhook that is called after a restart finds its receiver. Beside them stand those
 * of the services and their arms, as `host:port`; a registered one goes before.
 */
export function openNameRegistry(
  path: string,
  services: () => Readonly<Record<string, string>> = () => ({}),
): FileNameRegistry {
  const names = new Map(readNames(path).map((entry) => [entry.name, entry.url]));
  const registered = (): readonly NameView[] => [...names].map(([name, url]) => ({ name, url }));
  const save = async (): Promise<void> => {
    await writeFile(`${path}.new`, `${JSON.stringify(registered())}\n`, { mode: 0o600 });
    await rename(`${path}.new`, path);
  };
  return {
    list: () => [
      ...registered(),
      ...Object.entries(services()).flatMap(([name, address]) =>
        names.has(name) || address === '' ? [] : [{ name, url: `http://${address}` }],
      ),
    ],
    register: async ({ name, url }) => {
      names.set(name, url);
      await save();
    },
    remove: async (name) => {
      if (names.delete(name)) await save();
    },
    resolve: (name) => {
      const url = names.get(name);
      return url === undefined ? services()[name] || null : new URL(url).host;
    },
  };
}

/** A missing or damaged file is an empty one: names are registered again by who has them. */
function readNames(path: string): readonly NameView[] {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return Array.isArray(value) ? value.filter(isName) : [];
  } catch {
    return [];
  }
}

function isName(value: unknown): value is NameView {
  if (typeof value !== 'object' || value === null) return false;
  const { name, url } = value as Partial<NameView>;
  return typeof name === 'string' && typeof url === 'string' && URL.canParse(url);
}
