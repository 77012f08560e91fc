export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** The next signal that asks this process to stop. */
export function nextStop(): Promise<StopSignal> {
  return new Promise((resolve) => {
    const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    const handlers = names.map((name) => {
      const handler = (): void => {
        for (const [index, each] of handlers.entries()) process.off(names[index] ?? name, each);
        resolve(name);
      };
      process.on(name, handler);
      return handler;
    });
  });
}
