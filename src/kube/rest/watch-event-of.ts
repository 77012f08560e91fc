import type { WatchEvent } from '../client.ts';
import { KubeError } from '../kube-error.ts';
import type { KubeObject } from '../object.ts';
import { isKubeObject, type JsonRecord, recordOf, textOf } from './json-record.ts';
import { decodeUtf8, malformed, parseJson } from './read-body.ts';
import { errorOfStatus } from './status-error.ts';

/** One line of a watch. Throws what the watch rejects with: nothing that cannot be read is passed over, since it may be a change. */
export function watchEventOf<Item extends KubeObject>(what: string, line: Uint8Array): WatchEvent<Item> {
  const event = recordOf(parseJson(what, decodeUtf8(what, line)));
  const object = recordOf(event?.['object']);
  const type = event?.['type'];
  if (object === null) throw malformed(`${what}: the server sent an event without an object`);
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      if (!isKubeObject(object))
        throw malformed(`${what}: the server sent an event of something that is no object`);
      return { type, object: object as unknown as Item };
    case 'BOOKMARK':
      return bookmark(what, object);
    case 'ERROR':
      throw expiredIfGone(errorOfStatus(what, object, 0));
    default:
      throw malformed(`${what}: the server sent an event of a type that is not known`);
  }
}

function bookmark(what: string, object: JsonRecord): WatchEvent<never> {
  const metadata = recordOf(object['metadata']);
  const resourceVersion = textOf(metadata?.['resourceVersion']);
  if (resourceVersion === '')
    throw malformed(`${what}: the server sent a bookmark without a resourceVersion`);
  const initialEventsEnd = recordOf(metadata?.['annotations'])?.['k8s.io/initial-events-end'] === 'true';
  return { type: 'BOOKMARK', resourceVersion, initialEventsEnd };
}

/** Of a watch, `Gone` and `Expired` mean the same: list anew. client-go treats both alike too. */
export function expiredIfGone(error: KubeError): KubeError {
  if (error.reason !== 'Gone') return error;
  const { code, details, message } = error;
  return new KubeError({ reason: 'Expired', code, details, message });
}
