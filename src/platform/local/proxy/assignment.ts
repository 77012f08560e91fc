import type { FrontSpec, MatchCondition } from '../../../resource/service-spec.ts';
import type { Arm } from '../../../rollout/effect.ts';
import { bucketCount, bucketOf } from './bucket.ts';
import type { ProxyRoute } from './messages.ts';
import type { RequestHead } from './request-head.ts';

export interface Assignment {
  readonly arm: Arm;
  /** The answer is to carry the sticky cookie. */
  readonly stick: boolean;
}

const stable: Assignment = { arm: 'stable', stick: false };
const canary: Assignment = { arm: 'canary', stick: false };
const canaryStick: Assignment = { arm: 'canary', stick: true };

/** Does this route let the canary serve users at all? */
export function servesCanary(route: ProxyRoute | null): boolean {
  return route !== null && (route.weightPercent > 0 || route.match);
}

/** Which arm serves a request. `random`: 0 ≤ x < 1. */
export function assign(
  front: FrontSpec,
  route: ProxyRoute | null,
  head: RequestHead,
  random: () => number,
): Assignment {
  if (route === null || !servesCanary(route)) return stable;
  if (route.match && matches(front.match, head)) return canary;
  if (route.weightPercent <= 0) return stable;
  const sticky = route.sticky ? front.stickyCookie : null;
  if (sticky !== null && cookieOf(head, sticky.name) === stickyValue(route)) return canary;
  const key = keyOf(front, head);
  const bucket = key === null ? random() * bucketCount : bucketOf(route.rollout, key);
  if (bucket >= route.weightPercent * 100) return stable;
  return sticky === null ? canary : canaryStick;
}

/** The whole `Set-Cookie` value that keeps a client on the canary; '' = none. */
export function stickyCookie(front: FrontSpec, route: ProxyRoute | null): string {
  const cookie = front.stickyCookie;
  if (cookie === null || route === null) return '';
  return `${cookie.name}=${stickyValue(route)}; Path=/; Max-Age=${cookie.maxAgeSeconds}; HttpOnly; SameSite=Lax`;
}

/** A client that holds the cookie of another rollout is a new client. */
function stickyValue(route: ProxyRoute): string {
  return encodeURIComponent(route.rollout);
}

function keyOf(front: FrontSpec, head: RequestHead): string | null {
  const by = front.assignBy;
  if (by === null) return null;
  const key = by.source === 'header' ? headerOf(head, by.name.toLowerCase()) : cookieOf(head, by.name);
  return key === '' ? null : key;
}

function matches(alternatives: readonly (readonly MatchCondition[])[], head: RequestHead): boolean {
  return alternatives.some((all) => all.length > 0 && all.every((condition) => holds(condition, head)));
}

function holds(condition: MatchCondition, head: RequestHead): boolean {
  const value = valueOf(condition, head);
  if (value === null) return false;
  switch (condition.kind) {
    case 'exact':
      return value === condition.value;
    case 'prefix':
      return value.startsWith(condition.value);
    case 'suffix':
      return value.endsWith(condition.value);
    case 'regex':
      return regexOf(condition.value).test(value);
    case 'present':
      return true;
  }
}

function valueOf(condition: MatchCondition, head: RequestHead): string | null {
  switch (condition.source) {
    case 'header':
      return headerOf(head, condition.name);
    case 'cookie':
      return cookieOf(head, condition.name);
    case 'query':
      return queryOf(head.target, condition.name);
  }
}

const regexes = new Map<string, RegExp>();

/** Whole-value match, as Envoy's and Istio's. A pattern that is none matches nothing. */
function regexOf(source: string): RegExp {
  const known = regexes.get(source);
  if (known !== undefined) return known;
  let compiled = /[^\s\S]/;
  try {
    compiled = new RegExp(`^(?:${source})$`);
  } catch {
    // Resources are validated before they come here.
  }
  if (regexes.size > 1_000) regexes.clear();
  regexes.set(source, compiled);
  return compiled;
}

function headerOf(head: RequestHead, name: string): string | null {
  for (const field of head.fields) if (field.name === name) return field.value;
  return null;
}

function cookieOf(head: RequestHead, name: string): string | null {
  for (const field of head.fields) {
    if (field.name !== 'cookie') continue;
    for (const pair of field.value.split(';')) {
      const equals = pair.indexOf('=');
      if (equals === -1 || pair.slice(0, equals).trim() !== name) continue;
      const value = pair.slice(equals + 1).trim();
      return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
    }
  }
  return null;
}

function queryOf(target: string, name: string): string | null {
  const mark = target.indexOf('?');
  return mark === -1 ? null : new URLSearchParams(target.slice(mark + 1)).get(name);
}
