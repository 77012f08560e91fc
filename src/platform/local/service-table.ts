import type { FrontSpec, ProcessTemplate } from '../../resource/service-spec.ts';
import type { Arm } from '../../rollout/effect.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import type { ArmSpec, ArmStatus, KeeperEvent, ServiceNames } from './keeper/protocol.ts';
import type { WorkerInfo } from './keeper/worker-info.ts';

/** Templates kept of a service: stable, canary, the previous one, and what a long wait may come back to. */
const keptTemplates = 20;

interface Entry {
  /** As it was last asked for. */
  front: FrontSpec | null;
  /** As the keeper has made it; null: it has not, or it is not known. */
  made: string | null;
  names: ServiceNames | null;
  readonly arms: Partial<Record<Arm, ArmStatus>>;
  readonly wantedArms: Partial<Record<Arm, ArmSpec>>;
  readonly templates: Map<string, ProcessTemplate>;
}

/** What the engine's side remembers of services: what it asked the keeper for, and what the keeper told. */
export class ServiceTable {
  readonly #entries = new Map<string, Entry>();
  #workers: readonly WorkerInfo[] = [];
  /** Keys of the picture that is arriving; null: none is. */
  #picture: Set<string> | null = null;

  get workers(): readonly WorkerInfo[] {
    return this.#workers;
  }

  onEvent(event: KeeperEvent): void {
    switch (event.event) {
      case 'hello':
        this.#picture = new Set();
        break;
      case 'workersChanged':
        this.#workers = event.workers;
        break;
      case 'serviceChanged':
        this.#picture?.add(event.key);
        this.#entry(event.key).names = event.names;
        break;
      case 'armChanged':
        this.#entry(event.key).arms[event.status.arm] = event.status;
        break;
      case 'serviceRemoved':
        this.#gone(event.key);
        break;
      case 'synced':
        this.#endPicture();
    }
  }

  /** Notes what is asked for. False: the keeper has made exactly that already. */
  want(key: string, front: FrontSpec): boolean {
    const entry = this.#entry(key);
    entry.front = front;
    return entry.made !== canonicalJson(front);
  }

  made(key: string, front: FrontSpec, names: ServiceNames): void {
    const entry = this.#entry(key);
    entry.made = canonicalJson(front);
    entry.names = names;
  }

  front(key: string): FrontSpec | null {
    return this.#entries.get(key)?.front ?? null;
  }

  status(key: string, arm: Arm): ArmStatus | null {
    return this.#entries.get(key)?.arms[arm] ?? null;
  }

  addTemplate(key: string, revision: string, template: ProcessTemplate): void {
    const { templates } = this.#entry(key);
    templates.delete(revision);
    templates.set(revision, template);
    const [oldest] = templates.keys();
    if (templates.size > keptTemplates && oldest !== undefined) templates.delete(oldest);
  }

  template(key: string, revision: string): ProcessTemplate | null {
    return this.#entries.get(key)?.templates.get(revision) ?? null;
  }

  setWantedArm(spec: ArmSpec): void {
    this.#entry(spec.key).wantedArms[spec.arm] = spec;
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }

  /** What was asked for and the keeper does not have. */
  missing(): readonly {
    readonly key: string;
    readonly front: FrontSpec;
    readonly arms: readonly ArmSpec[];
  }[] {
    return [...this.#entries].flatMap(([key, { front, names, wantedArms }]) =>
      front === null || names !== null ? [] : [{ key, front, arms: Object.values(wantedArms) }],
    );
  }

  names(): Readonly<Record<string, string>> {
    const names: Record<string, string> = {};
    for (const [key, { names: where }] of this.#entries) {
      if (where === null) continue;
      const [namespace = '', name = ''] = key.split('/');
      const own = {
        [name]: where.front,
        [`${name}-primary`]: where.stable,
        [`${name}-canary`]: where.canary,
      };
      for (const [alias, address] of Object.entries(own)) {
        names[`${alias}.${namespace}`] = address;
        // Of two services with one name the first has the short one.
        names[alias] ??= address;
      }
    }
    return names;
  }

  #entry(key: string): Entry {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const entry: Entry = {
      front: null,
      made: null,
      names: null,
      arms: {},
      wantedArms: {},
      templates: new Map(),
    };
    this.#entries.set(key, entry);
    return entry;
  }

  #endPicture(): void {
    const picture = this.#picture;
    this.#picture = null;
    if (picture === null) return;
    for (const key of this.#entries.keys()) if (!picture.has(key)) this.#gone(key);
  }

  #gone(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.names = null;
    entry.made = null;
    delete entry.arms.stable;
    delete entry.arms.canary;
  }
}
