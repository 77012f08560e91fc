import { apiPage } from './api-page.ts';
import { cliPage } from './cli-page.ts';
import { errorsPage } from './errors-page.ts';
import { findingsPage } from './findings-page.ts';
import { canaryPage, processPage } from './resource-page.ts';
import { statesPage } from './states-page.ts';

export interface ReferencePage {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

/** Every generated page, whole. Throws where a text for something in the code is missing, or is there for nothing. */
export function referencePages(): readonly ReferencePage[] {
  const pages = {
    'api.md': apiPage(),
    'canary.md': canaryPage(),
    'cli.md': cliPage(),
    'errors.md': errorsPage(),
    'findings.md': findingsPage(),
    'process.md': processPage(),
    'states.md': statesPage(),
  };
  return Object.entries(pages).map(([name, text]) => ({ path: `docs/reference/${name}`, text }));
}
