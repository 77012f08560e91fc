import { configurationError } from './configuration-error.ts';

/**
 * One mapping of a kubeconfig with where it stands, so that every complaint names file and field. A field that is absent, null or empty
 * is unset, as in client-go. Values are never shown.
 */
export class ConfigNode {
  readonly file: string;
  readonly path: string;
  readonly #value: Readonly<Record<string, unknown>>;

  constructor(file: string, path: string, value: unknown) {
    this.file = file;
    this.path = path;
    this.#value = this.#mapping(value);
  }

  has(field: string): boolean {
    const value = this.#value[field];
    return value !== undefined && value !== null && value !== '';
  }

  /** Of whatever type; undefined if unset. */
  raw(field: string): unknown {
    return this.#value[field];
  }

  /** '' if unset. */
  text(field: string): string {
    if (!this.has(field)) return '';
    const value = this.#value[field];
    if (typeof value !== 'string')
      throw this.error(field, `must be text, not ${typeName(value)}; put it in quotes`);
    return value;
  }

  requiredText(field: string): string {
    const value = this.text(field);
    if (value === '') throw this.error(field, 'is missing; add it');
    return value;
  }

  flag(field: string): boolean {
    if (!this.has(field)) return false;
    const value = this.#value[field];
    if (typeof value !== 'boolean') throw this.error(field, `must be true or false, not ${typeName(value)}`);
    return value;
  }

  texts(field: string): readonly string[] {
    return this.#list(field).map((value, index) => {
      if (typeof value !== 'string')
        throw this.error(`${field}[${index}]`, `must be text, not ${typeName(value)}; put it in quotes`);
      return value;
    });
  }

  node(field: string): ConfigNode | null {
    return this.has(field) ? new ConfigNode(this.file, this.#under(field), this.#value[field]) : null;
  }

  nodes(field: string): readonly ConfigNode[] {
    return this.#list(field).map(
      (value, index) => new ConfigNode(this.file, `${this.#under(field)}[${index}]`, value),
    );
  }

  /** Of a mapping of names to lists. */
  textLists(field: string): Readonly<Record<string, readonly string[]>> {
    const node = this.node(field);
    if (node === null) return {};
    return Object.fromEntries(Object.keys(node.#value).map((name) => [name, node.texts(name)]));
  }

  error(field: string, problem: string): Error {
    return configurationError(`kubeconfig ${this.file}: ${this.#under(field)} ${problem}`);
  }

  #under(field: string): string {
    return this.path === '' ? field : `${this.path}.${field}`;
  }

  #list(field: string): readonly unknown[] {
    if (!this.has(field)) return [];
    const value = this.#value[field];
    if (!Array.isArray(value)) throw this.error(field, `must be a list, not ${typeName(value)}`);
    return value;
  }

  #mapping(value: unknown): Readonly<Record<string, unknown>> {
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Readonly<Record<string, unknown>>;
    const where = this.path === '' ? 'the file' : this.path;
    throw configurationError(`kubeconfig ${this.file}: ${where} must be a mapping, not ${typeName(value)}`);
  }
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a mapping' : `a ${typeof value}`;
}
