import { connect } from 'node:http2';

/**
 * `grpc.health.v1.Health/Check` over plain HTTP/2. Null: SERVING; else what came instead. Messages are length-prefixed (one byte of flags,
 * four of length); the request's field 1 is the service, the answer's field 1 the status, of which 1 is SERVING.
 */
export function checkGrpcHealth(
  host: string,
  port: number,
  service: string,
  signal: AbortSignal,
): Promise<string | null> {
  return new Promise((resolve) => {
    const session = connect(`http://${host}:${port}`);
    const end = (result: string | null): void => {
      session.destroy();
      resolve(result);
    };
    session.on('error', (error) => end(error.message));
    const call = session.request(
      {
        ':method': 'POST',
        ':path': '/grpc.health.v1.Health/Check',
        'content-type': 'application/grpc',
        te: 'trailers',
      },
      { signal },
    );
    const chunks: Buffer[] = [];
    let grpcStatus = '';
    const note = (headers: Readonly<Record<string, unknown>>): void => {
      if (typeof headers['grpc-status'] === 'string') grpcStatus = headers['grpc-status'];
    };
    call.on('response', note).on('trailers', note);
    call.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', (error) => end(error.message));
    call.on('end', () => {
      const serving = Buffer.concat(chunks)
        .subarray(5)
        .equals(Buffer.from([8, 1]));
      end(serving && grpcStatus === '0' ? null : `gRPC health is not SERVING (grpc-status ${grpcStatus})`);
    });
    call.end(requestOf(service));
  });
}

function requestOf(service: string): Buffer {
  const name = Buffer.from(service);
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([10, name.length]), name]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
