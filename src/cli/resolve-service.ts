import { SluiceError } from '../lib/error.ts';
import type { ServiceView } from '../resource/view.ts';
import { didYouMeanSentence } from './did-you-mean.ts';
import type { Session } from './session.ts';

/** The service that the user means by `name` or `namespace/name`. Throws SluiceError `not-found` or `usage`. */
export async function resolveService(session: Session, named: string): Promise<ServiceView> {
  const { services } = await session.client.services();
  return pickService(services, named, session.options.namespace);
}

export function pickService(
  services: readonly ServiceView[],
  named: string,
  namespace: string | undefined,
): ServiceView {
  const wanted = namespace === undefined || named.includes('/') ? named : `${namespace}/${named}`;
  const found = services.filter(
    (service) => service.key === wanted || (!wanted.includes('/') && service.name === wanted),
  );
  const [first, ...others] = found;
  if (first !== undefined && others.length === 0) return first;
  if (first !== undefined) {
    const keys = found.map((service) => service.key).join(' and ');
    throw new SluiceError({
      code: 'usage',
      message: `"${named}" is ${keys}`,
      cure: 'Name the service with its namespace.',
    });
  }
  const names = services.map((service) => (wanted.includes('/') ? service.key : service.name));
  const hint =
    services.length === 0 ? ' There is no service at all yet: apply one.' : didYouMeanSentence(wanted, names);
  throw new SluiceError({ code: 'not-found', message: `there is no service "${wanted}".${hint}` });
}
