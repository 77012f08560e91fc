import { defineConfig } from 'vitest/config';

/**
 * `unit`: pure code, fakes and the simulator; `machine`: real processes, sockets and disks on this machine; `e2e`: the
 * command as a user runs it, and the packed tarball; `cluster`: a real control plane of Kubernetes (what is pure of its kubelet, in
 * `test/cluster/kubelet/pod/`, is unit). `npm test` runs unit and machine; `npm run test:e2e` and `npm run test:cluster` the others.
 */
const cluster = ['test/cluster/*.test.ts', 'test/cluster/kubelet/*.test.ts'];
const machine = ['src/platform/**/*.test.ts', 'src/record/**/*.test.ts', 'src/main/**/*.test.ts'];

export default defineConfig({
  test: {
    reporters: [['default', { summary: false }], './test/summary-reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/**/*.test.ts'],
          exclude: [...machine, 'test/e2e/**', ...cluster],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'machine',
          include: machine,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          pool: 'forks',
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 60_000,
          pool: 'forks',
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'cluster',
          include: cluster,
          testTimeout: 120_000,
          hookTimeout: 180_000,
          pool: 'forks',
          fileParallelism: false,
        },
      },
    ],
  },
});
