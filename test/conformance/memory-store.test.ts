import { MemoryRecorder } from '../fakes/memory-recorder.ts';
import { MemoryStore } from '../fakes/memory-store.ts';
import { storeConformance } from './store.ts';

storeConformance('in memory', () => {
  const store = new MemoryStore();
  return Promise.resolve({
    open: () => Promise.resolve({ store, recorder: new MemoryRecorder(store) }),
    dispose: () => Promise.resolve(),
  });
});
