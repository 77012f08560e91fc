import type { Json } from './json.ts';

/** A request as it came, whatever brought it. */
export interface ApiRequest {
  readonly method: string;
  /** With the query. */
  readonly url: string;
  /** Lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export type ApiResponse =
  | {
      readonly kind: 'json';
      readonly code: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Json;
    }
  | {
      readonly kind: 'text';
      readonly code: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  | {
      readonly kind: 'stream';
      readonly code: 200;
      readonly headers: Readonly<Record<string, string>>;
      readonly lines: AsyncIterable<string>;
      /** The reader has gone. */
      readonly close: () => void;
    };

/** The connection broke: there is no (more of an) answer. */
export class ConnectionLost extends Error {
  constructor() {
    super('the connection was lost');
    this.name = 'ConnectionLost';
  }
}
