/** `npm run record:trace`: what a real control plane makes of the script of `test/conformance/trace/`, for tests where none is. */
import { keepTrace } from '../conformance/trace/recordings.ts';
import { startControlPlane } from './start-control-plane.ts';
import { controllersOfTrace, traceOfPlane } from './trace-of-plane.ts';

const plane = await startControlPlane({ controllers: controllersOfTrace, log: console.error });
try {
  console.log(keepTrace(await traceOfPlane(plane)));
} finally {
  await plane.stop();
}
