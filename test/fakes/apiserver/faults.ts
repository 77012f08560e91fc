import type { ApiRequest } from './request.ts';

/** What goes wrong with one request. */
export type Fault =
  /** Answers later. */
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** The connection breaks; `afterWork`: the server did what was asked. */
  | { readonly kind: 'drop'; readonly afterWork: boolean }
  /** A `Status` of this code, or any text with its content type. */
  | {
      readonly kind: 'reply';
      readonly code: number;
      readonly retryAfterSeconds?: number;
      readonly html?: string;
    }
  /** Never answers. */
  | { readonly kind: 'hang' }
  /** A watch says nothing more after so many lines, and stays open. */
  | { readonly kind: 'stall'; readonly afterLines: number }
  /** A watch's line is cut in the middle after so many whole ones; then the connection ends, cleanly. */
  | { readonly kind: 'cut'; readonly afterLines: number }
  /** A watch's connection breaks after so many lines. */
  | { readonly kind: 'break'; readonly afterLines: number }
  /** In place of a watch's line. */
  | { readonly kind: 'garble'; readonly afterLines: number; readonly line: string };

interface Planned {
  readonly fault: Fault;
  readonly when: (request: ApiRequest) => boolean;
  left: number;
}

/** Faults to come, each for the next requests that it fits. */
export class Faults {
  #planned: Planned[] = [];

  /** For the next `times` requests that fit; the answer takes the fault back. */
  add(fault: Fault, when: (request: ApiRequest) => boolean = () => true, times = 1): () => void {
    const planned = { fault, when, left: times };
    this.#planned.push(planned);
    return () => {
      this.#planned = this.#planned.filter((other) => other !== planned);
    };
  }

  take(request: ApiRequest): Fault | null {
    const planned = this.#planned.find(({ left, when }) => left > 0 && when(request));
    if (planned === undefined) return null;
    planned.left -= 1;
    if (planned.left <= 0) this.#planned = this.#planned.filter((other) => other !== planned);
    return planned.fault;
  }
}
