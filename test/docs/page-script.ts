import type { Block, Page } from './pages.ts';

export interface Ports {
  /** In place of 8080. */
  readonly service: number;
  /** In place of 9090. */
  readonly loadtester: number;
}

/**
 * All that a page shows as one script of bash, so that a folder, a variable and a job in the background last from block to
 * block. Before each block a line says where it stands. A page without blocks to run gives ''.
 */
export function pageScript(page: Page, ports: Ports): string {
  if (!page.blocks.some(isRun)) return '';
  const parts = page.blocks.flatMap((block) => partOf(page, block));
  const text = [page.before.trimEnd(), ...parts].filter((part) => part !== '').join('\n');
  return `set -eo pipefail\n${moved(text, ports)}\n`;
}

/** Other ports, since somebody may have these; minutes as seconds, since nobody waits for half an hour. */
export function moved(text: string, ports: Ports): string {
  return text
    .replaceAll('npm run -s sluice --', 'sluice')
    .replaceAll(/\b8080\b/g, String(ports.service))
    .replaceAll(/\b9090\b/g, String(ports.loadtester))
    .replaceAll(/\b(\d+)m\b/g, '$1s')
    .replaceAll(/\binterval: 10s\b/g, 'interval: 1s');
}

function isRun({ language, rest }: Block): boolean {
  return language === 'sh' && !rest.startsWith('not-run');
}

function partOf(page: Page, block: Block): readonly string[] {
  const file = /^file=(\S+)$/.exec(block.rest)?.[1];
  if (file !== undefined) return [`cat > ${file} <<'END'\n${block.text}END`];
  if (!isRun(block)) return [];
  const exit = /^exit=(\d+)$/.exec(block.rest)?.[1];
  const text = block.text.trimEnd();
  const script = exit === undefined ? text : `code=0; (\n${text}\n) || code=$?\ntest $code = ${exit}`;
  return [`echo '== ${page.path}:${block.line}'\n${script}`];
}
