/** What the proxy itself has to say, in a form that a person sees and a program can read. */
export interface LocalAnswer {
  readonly status: number;
  /** For x-sluice-reason; kebab-case, stable. */
  readonly reason: string;
  readonly close: boolean;
  readonly head: boolean;
}

const phrases: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  414: 'URI Too Long',
  417: 'Expectation Failed',
  431: 'Request Header Fields Too Large',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
};

/** A whole answer, head and body. */
export function localAnswer({ status, reason, close, head }: LocalAnswer): string {
  const phrase = phrases[status] ?? 'Error';
  const body = `${phrase}: ${reason}\n`;
  const retry = status === 503 ? 'Retry-After: 1\r\n' : '';
  const connection = close ? 'Connection: close\r\n' : '';
  return (
    `HTTP/1.1 ${status} ${phrase}\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n` +
    `X-Sluice-Reason: ${reason}\r\n${retry}${connection}\r\n${head ? '' : body}`
  );
}
