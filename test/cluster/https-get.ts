import { request } from 'node:https';

export interface HttpsGet {
  readonly url: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** The status of one GET on a connection of its own; 0 where there was no answer within two seconds. */
export function statusOf({ url, ...tls }: HttpsGet): Promise<number> {
  return new Promise((resolve) => {
    const call = request(url, { ...tls, agent: false, timeout: 2000 }, (response) => {
      response.resume();
      response.once('close', () => resolve(response.statusCode ?? 0));
    });
    call.once('timeout', () => call.destroy());
    call.once('error', () => resolve(0));
    call.end();
  });
}
