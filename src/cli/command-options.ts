import { parseDuration } from '../lib/duration.ts';
import { SluiceError } from '../lib/error.ts';
import type { Session } from './session.ts';

/** A command's own options as commander read them: the names are camel case. */
export type CommandOptions = Readonly<Record<string, unknown>>;

/** What a command's module exports as `run`. Returns the exit code; throws SluiceError. */
export type CommandFunction = (
  session: Session,
  args: readonly string[],
  options: CommandOptions,
) => Promise<number>;

export function textOption(options: CommandOptions, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

export function listOption(options: CommandOptions, name: string): readonly string[] {
  const value = options[name];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

export function flagOption(options: CommandOptions, name: string): boolean {
  return options[name] === true;
}

/** Throws SluiceError `usage`. */
export function durationOption(options: CommandOptions, name: string, otherwiseMs: number): number {
  const text = textOption(options, name);
  if (text === undefined) return otherwiseMs;
  const parsed = parseDuration(text);
  if (parsed.ok) return parsed.value;
  throw usage(`--${name}: ${parsed.error}`);
}

/** Throws SluiceError `usage`. */
export function numberOption(options: CommandOptions, name: string, otherwise: number, max: number): number {
  const text = textOption(options, name);
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= max) return value;
  throw usage(`--${name} must be a whole number up to ${max}, not "${text}"`);
}

export function usage(message: string): SluiceError {
  return new SluiceError({ code: 'usage', message });
}

/** An argument that commander has already made sure of. */
export function argument(args: readonly string[], index: number): string {
  const value = args[index];
  if (value === undefined) throw usage('an argument is missing');
  return value;
}
