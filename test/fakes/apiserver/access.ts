import { type Kind, apiVersionOf } from './kinds.ts';
import { forbidden, unauthorized } from './status.ts';

export interface Rule {
  readonly verbs: readonly string[];
  readonly groups: readonly string[];
  /** `pods`, `pods/status`, `*`. */
  readonly resources: readonly string[];
  /** Absent: everywhere. */
  readonly namespaces?: readonly string[];
}

export interface User {
  readonly name: string;
  /** Absent: may do everything. */
  readonly rules?: readonly Rule[];
}

/** Who may do what, by bearer token. With no token given out, everybody may do everything. */
export class Access {
  readonly #users = new Map<string, User>();

  /** From now on the token is this user's. */
  grant(token: string, user: User): void {
    this.#users.set(token, user);
  }

  revoke(token: string): void {
    this.#users.delete(token);
    this.#wasClosed = true;
  }

  #wasClosed = false;

  userOf(authorization: string | undefined): User {
    if (this.#users.size === 0 && !this.#wasClosed) return { name: 'admin' };
    const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1] ?? '';
    const user = this.#users.get(token);
    if (user === undefined) throw unauthorized();
    return user;
  }
}

export function authorize(
  user: User,
  request: {
    readonly verb: string;
    readonly kind: Kind;
    readonly namespace: string;
    readonly name: string;
    readonly subresource: string;
  },
): void {
  const { verb, kind, namespace, name, subresource } = request;
  const resource = subresource === '' ? kind.plural : `${kind.plural}/${subresource}`;
  const has = (list: readonly string[], wanted: string): boolean =>
    list.includes('*') || list.includes(wanted);
  const allows = (rule: Rule): boolean =>
    has(rule.verbs, verb) &&
    has(rule.groups, kind.group) &&
    has(rule.resources, resource) &&
    (rule.namespaces === undefined || rule.namespaces.includes(namespace));
  if (user.rules === undefined || user.rules.some(allows)) return;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  const group = apiVersionOf(kind) === kind.version ? '' : kind.group;
  throw forbidden(
    kind,
    name,
    `User ${JSON.stringify(user.name)} cannot ${verb} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(group)} ${where}`,
  );
}
