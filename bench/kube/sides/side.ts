/** One of the two clients that are compared, doing what a controller does with it. */
export interface Side {
  /** A new client, that has no connection yet. */
  reader(): Promise<Reader>;
  /** Follows the ConfigMaps of a namespace with an informer; resolves when it is synced. `onWritten` gets `data.at` of each change. */
  follow(namespace: string, onWritten: (at: string) => void): Promise<Followed>;
  /** Holds the pods of a namespace in an informer; resolves when it is synced. */
  hold(namespace: string): Promise<Held>;
}

export interface Reader {
  /** Reads the namespace `default`, on whatever connection the client takes. */
  get(): Promise<unknown>;
  close(): Promise<void>;
}

export interface Followed {
  stop(): Promise<void>;
}

export interface Held extends Followed {
  readonly objects: () => number;
}

export interface HeldFigures {
  readonly objects: number;
  /** What the heap holds more than before, after collections. */
  readonly bytes: number;
}
