import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { type Trace, traceOf } from '../analysis/trace/trace.ts';
import { TraceReader } from '../analysis/trace/trace-reader.ts';
import type { CliHost } from './host.ts';
import { unreadable } from './read-files.ts';

/** Reads a trace as it comes; `-` is stdin. Throws SluiceError `usage` that names the file. */
export async function readTraceFile(host: Pick<CliHost, 'cwd' | 'stdin'>, file: string): Promise<Trace> {
  const reader = new TraceReader();
  const decoder = new StringDecoder('utf8');
  const stream = file === '-' ? host.stdin : createReadStream(resolve(host.cwd, file));
  try {
    for await (const chunk of stream) if (!reader.add(decoder.write(Buffer.from(chunk)))) break;
  } catch (thrown) {
    throw unreadable(file, thrown);
  }
  reader.add(decoder.end());
  return traceOf(reader);
}
