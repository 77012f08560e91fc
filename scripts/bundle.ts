import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

/**
 * Makes `dist/`: the published package is this and needs no `node_modules`, since Node refuses to strip types there.
 * `sluice.mjs` is a launcher that any Node can read and that says so where Node is too old; `sluice-main.mjs` is the entry
 * proper, and each command is a chunk that is read when it runs, which is what keeps `sluice version` quick.
 */
const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

const launcher = `#!/usr/bin/env node
if (parseInt(process.versions.node, 10) < 24) {
  process.stderr.write('error: sluice needs Node 24 or newer, this is ' + process.versions.node + ' (code node-too-old)\\n');
  process.exitCode = 2;
} else {
  import('./sluice-main.mjs');
}
`;

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
const bundle = await rolldown({
  input: join(root, 'src/main/sluice.ts'),
  platform: 'node',
  onLog: (level, log) => {
    if (level !== 'debug') process.stderr.write(`${level}: ${log.message}\n`);
  },
});
const { output } = await bundle.write({
  dir: dist,
  entryFileNames: 'sluice-main.mjs',
  chunkFileNames: 'chunks/[name]-[hash].mjs',
  format: 'esm',
  minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
  comments: { legal: true, annotation: false, jsdoc: false },
});
await bundle.close();
await writeFile(join(dist, 'sluice.mjs'), launcher);
await chmod(join(dist, 'sluice.mjs'), 0o755);
const bytes = output.reduce((sum, file) => sum + (file.type === 'chunk' ? file.code.length : 0), 0);
process.stderr.write(`dist: ${output.length} files, ${Math.round(bytes / 1024)} KiB\n`);
