import type { LocalCommands } from '../cli/host.ts';

/** What the command line may not import itself; each is loaded when it is asked for. */
export const localCommands: LocalCommands = {
  up: async (options) => await (await import('./up.ts')).up(options),
  startEngine: async (state) => await (await import('./up.ts')).startEngine(state),
  stopRemains: async (state) => await (await import('./stop-remains.ts')).stopRemains(state),
  load: async (args) => await (await import('./load.ts')).load(args),
  steadyLoad: async (options) => await (await import('./load.ts')).steadyLoad(options),
  loadtester: async (options) => await (await import('./loadtester.ts')).loadtester(options),
  verifyAudit: async (lines) => await (await import('./verify-audit.ts')).verifyAudit(lines),
  metricHistory: async (request) =>
    await (await import('../metrics/prometheus-history.ts')).readPrometheusHistory(request),
  inspectPlatform: async (state) => await (await import('./inspect-platform.ts')).inspectPlatform(state),
};
