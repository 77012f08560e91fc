import { join } from 'node:path';

/** What an image is here: a program of this machine. */
export interface LocalImage {
  /** The entrypoint; `command` of a container takes its place, `args` follow it. */
  readonly command: readonly string[];
  /** Before the container's own variables. */
  readonly env?: Readonly<Record<string, string>>;
}

export type ImageTable = Readonly<Record<string, LocalImage>>;

const appMain = join(import.meta.dirname, 'app-main.ts');

/** Variables of `app-main.ts` by class of pod. A pod may set them itself as well. */
const classes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '': {},
  slow: { BOOT_MS: '3000' },
  crash: { CRASH_AFTER_MS: '300' },
  drain: { DRAIN_MS: '3000' },
  stuck: { DRAIN_MS: '3600000' },
  never: { NEVER_READY: '1' },
};

/**
 * The program of an image: of the table, or `app:VERSION` and `app:VERSION-CLASS`, the server of `app-main.ts`; with `tools`, nothing
 * runs unless the container says what (`command: [sh, -c, …]`). Null: there is no such image (`ErrImagePull`).
 */
export function localImage(image: string, table: ImageTable): LocalImage | null {
  const listed = table[image];
  if (listed !== undefined) return listed;
  if (image === 'tools') return { command: [] };
  const [, version = '', name = ''] = /^app:([a-z0-9.]+)(?:-([a-z]+))?$/.exec(image) ?? [];
  const knobs = classes[name];
  if (version === '' || knobs === undefined) return null;
  return { command: [process.execPath, appMain], env: { VERSION: version, ...knobs } };
}
