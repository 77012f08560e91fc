import { applyChapter } from './chapter-apply.ts';
import { customChapter } from './chapter-custom.ts';
import { deletionChapter, namespaceChapter } from './chapter-deletion.ts';
import { listChapter } from './chapter-lists.ts';
import { configMapChapter } from './chapter-objects.ts';
import { smallKindsChapter } from './chapter-small-kinds.ts';
import { workloadChapter } from './chapter-workloads.ts';
import { moreKindsChapter } from './chapter-more-kinds.ts';
import type { Chapter } from './scene.ts';

/** What is done on both, in order. */
export const script: readonly Chapter[] = [
  configMapChapter,
  listChapter,
  applyChapter,
  smallKindsChapter,
  workloadChapter,
  moreKindsChapter,
  customChapter,
  deletionChapter,
  namespaceChapter,
];
