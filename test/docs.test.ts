import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { reasonTexts } from '../scripts/gen/reason-texts.ts';
import { commandsIn, mentionsOf, problemOf } from './docs/commands.ts';
import { pageScript } from './docs/page-script.ts';
import { allPages, anchorsOf, proseOf, readPage, root, writtenPages } from './docs/pages.ts';

const pages = allPages();
const byPath = new Map(pages.map((page) => [page.path, page]));

describe('the pages', () => {
  test('every link leads somewhere', () => {
    const wrong: string[] = [];
    for (const page of pages) {
      for (const [, target = ''] of proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^https?:/.test(target)) continue;
        const [path = '', anchor] = target.split('#');
        const file = path === '' ? page.path : normalize(join(dirname(page.path), path));
        const known = byPath.get(file);
        if (!existsSync(join(root, file))) wrong.push(`${page.path}: ${target}`);
        else if (anchor !== undefined && known !== undefined && !anchorsOf(known).has(anchor))
          wrong.push(`${page.path}: ${target}: no such heading`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('every command that is shown exists, with the options that are shown', () => {
    const wrong = pages.flatMap((page) =>
      mentionsOf(page).flatMap(({ line, words }) => {
        const problem = problemOf(words);
        return problem === null ? [] : [`${page.path}:${line}: sluice ${words.join(' ')}: ${problem}`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  test('a block of commands that is not run says why', () => {
    const wrong = writtenPages().flatMap(({ path, blocks }) =>
      blocks
        .filter(({ language, rest }) => language === 'sh' && !/^(exit=\d+|not-run: \S.*)?$/.test(rest))
        .map(({ line }) => `${path}:${line}`),
    );
    expect(wrong).toEqual([]);
  });

  test('a page for the person on call begins with the commands to type', () => {
    const wrong = pages
      .filter(({ path }) => path.startsWith('docs/runbooks/'))
      .filter(({ text }) => !/^# [^\n]+\n\n(?:<!-- before:\n[\s\S]*?-->\n\n)?```sh/.test(text))
      .map(({ path }) => path);
    expect(wrong).toEqual([]);
  });

  test('every reason to wait stands in the page for the person on call', () => {
    const stuck = byPath.get('docs/runbooks/rollout-stuck.md')?.text ?? '';
    const waits = reasonTexts
      .filter(({ heading }) => !heading.startsWith('It ended'))
      .flatMap(({ reasons }) => Object.keys(reasons));
    expect(waits.filter((reason) => !stuck.includes(`\`${reason}\``))).toEqual([]);
  });
});

describe('the reading of pages', () => {
  const fence = '```';
  const page = readPage(
    'docs/x.md',
    `# A \`b\` & c\n\n## A b c\n\n<!-- before:\nsluice up -d\n-->\n\nRun \`sluice list\`.\n\n${fence}sh\nsluice why shop  # sluice nothing\n${fence}\n\n` +
      `${fence}sh exit=2\nsluice lint bad.yaml\n${fence}\n\n${fence}yaml file=a.yaml\nport: 8080\ninterval: 10s\nduration: 5m\n${fence}\n`,
  );

  test('finds headings, blocks and commands', () => {
    expect([...anchorsOf(page)]).toEqual(['a-b--c', 'a-b-c']);
    expect(mentionsOf(page)).toEqual([
      { line: 9, words: ['list'] },
      { line: 12, words: ['why', 'shop'] },
      { line: 16, words: ['lint', 'bad.yaml'] },
    ]);
    expect(commandsIn('r="$(sluice deploy shop --set "args=a b")" && sluice -o json wait shop | jq')).toEqual(
      [
        ['deploy', 'shop', '--set', '"args=a b"'],
        ['-o', 'json', 'wait', 'shop'],
      ],
    );
  });

  test('knows commands and options', () => {
    const problems = [
      ['nothing'],
      ['wait', 'shop', '--until', '3s'],
      ['audit', 'export', '-o', 'json'],
      ['audit', 'import'],
      ['-q', 'deploy', 'shop', '--set', 'env.VERSION=v2', '--wait', '--timeout=5m'],
      ['load', '-z', '5s', 'http://127.0.0.1/'],
      ['--help'],
    ].map(problemOf);
    expect(problems).toEqual([
      'there is no command "nothing"',
      '"wait" has no option --until',
      null,
      'there is no command "import"',
      null,
      null,
      null,
    ]);
  });

  test('makes one script of a page, in other ports and in seconds instead of minutes', () => {
    expect(pageScript(page, { service: 18080, loadtester: 19090 })).toMatchInlineSnapshot(`
      "set -eo pipefail
      sluice up -d
      echo '== docs/x.md:11'
      sluice why shop  # sluice nothing
      echo '== docs/x.md:15'
      code=0; (
      sluice lint bad.yaml
      ) || code=$?
      test $code = 2
      cat > a.yaml <<'END'
      port: 18080
      interval: 1s
      duration: 5s
      END
      "
    `);
  });
});
