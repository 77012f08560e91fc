import type { FindingCodeEntry } from '../../src/resource/finding-code-entry.ts';
import { findingCodes } from '../../src/resource/finding-codes.ts';
import { resourceCodes } from '../../src/resource/resource-codes.ts';
import { code, madeFrom, page, table, textsFor } from './markdown.ts';

/** The groups of the registry in the order of the page; their names are the anchors. */
const groups: Readonly<Record<string, string>> = {
  reading: 'YAML and documents.',
  schema: 'Fields, types and values.',
  analysis: 'Weights, steps and intervals.',
  steps: 'What a plan of steps really does.',
  metrics: 'Checks and their limits.',
  queries: 'PromQL.',
  hooks: 'Webhooks.',
  alerts: 'Who is told.',
  service: 'Where traffic comes in.',
  target: 'What runs, and what of it does something on one machine.',
  pods: 'Deployments.',
  pipeline: 'Workflows that release.',
  convert: 'What `sluice convert` assumed.',
};

/** All codes by group, each with a heading of its own, so that a link can lead to one. */
export function findingsPage(): string {
  const entries = Object.entries<FindingCodeEntry>(findingCodes);
  const groupText = textsFor('group of findings', [...new Set(entries.map(([, { docs }]) => docs))], groups);
  return page(
    madeFrom('src/resource/resource-codes.ts', 'src/resource/lint/lint-codes.ts'),
    '# Findings',
    'What `sluice lint`, `sluice plan`, `sluice apply` and `sluice convert` say about manifests. A code is never renamed and never used ' +
      'again for something else. What is wrong in one place, and the edit that cures it, stands in the output itself; here is why it matters.',
    table(
      ['severity', 'means'],
      [
        ['error', '`apply` refuses the manifest, and `lint` exits with 2.'],
        [
          'warning',
          'It runs, but does something else than it seems to say: in Flagger, in Sluice or in both.',
        ],
        ['info', 'Worth knowing.'],
      ],
    ),
    'The severity is the usual one; one place may know better. *lint only*: `apply` does not look for it.',
    ...Object.keys(groups).flatMap((group) => [
      `## ${group[0]?.toUpperCase()}${group.slice(1)}`,
      groupText(group),
      ...entries.filter(([, { docs }]) => docs === group).map(([name, entry]) => section(name, entry)),
    ]),
  );
}

function section(name: string, { severity, why }: FindingCodeEntry): string {
  const where = Object.hasOwn(resourceCodes, name) ? '' : ', lint only';
  return `### ${name}\n\n${code(severity)}${where}. ${why}`;
}
