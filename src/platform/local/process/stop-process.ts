import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessTemplate } from '../../../resource/service-spec.ts';
import {
  isGroupAlive,
  processesWithEnvironment,
  type ProcessIdentity,
  signalGroup,
  signalProcess,
} from './identity.ts';
import { replicaMark } from './environment.ts';
import { type ProbeContext, runCommand } from './probe.ts';

/** What a process still gets after a preStop that took the whole grace period, as kubelet gives it. */
const lastChanceMs = 2_000;

export interface StopOrder {
  readonly identity: ProcessIdentity;
  readonly endpointId: string;
  readonly template: ProcessTemplate;
  readonly context: ProbeContext;
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
}

/**
 * preStop, SIGTERM to the process, then at the end of the grace period (which preStop is part of) SIGKILL to its whole group.
 * Never rejects; resolves when nothing of it is left.
 */
export async function stopProcess(order: StopOrder): Promise<void> {
  const { identity, template, ended } = order;
  const graceMs = template.terminationGracePeriodSeconds * 1_000;
  const deadlineMs = performance.now() + graceMs;
  if (template.preStop !== null && graceMs > 0) {
    await Promise.race([preStop(template.preStop, graceMs, order.context), ended]);
  }
  if (graceMs > 0 && signalProcess(identity, 'SIGTERM')) {
    const restMs = Math.max(deadlineMs - performance.now(), Math.min(lastChanceMs, graceMs));
    await waitAtMost(ended, restMs);
  }
  await endGroup(identity, order.endpointId);
}

/** SIGKILL to all that is left of a process: its group, and what left the group but carries its mark. */
export async function endGroup(identity: ProcessIdentity, endpointId: string): Promise<void> {
  signalGroup(identity, 'SIGKILL');
  for (const pid of processesWithEnvironment(replicaMark, endpointId)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Ended meanwhile.
    }
  }
  for (let waitedMs = 0; waitedMs < 2_000 && isGroupAlive(identity); waitedMs += 10) await delay(10);
}

async function preStop(
  action: NonNullable<ProcessTemplate['preStop']>,
  limitMs: number,
  context: ProbeContext,
): Promise<void> {
  switch (action.kind) {
    case 'sleep':
      await delay(Math.min(action.seconds * 1_000, limitMs));
      return;
    case 'exec':
      await runCommand(action.command, limitMs, context);
      return;
    case 'http':
      await callHttp(action.port ?? context.port, action.path, limitMs);
  }
}

function callHttp(port: number, path: string, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const request = get({
      host: '127.0.0.1',
      port,
      path,
      agent: false,
      signal: AbortSignal.timeout(limitMs),
    });
    request.once('response', (response) => {
      response.resume();
      response.once('close', resolve);
    });
    request.once('error', () => resolve());
  });
}

/** Waits for the promise, but no longer than the limit. True if it came. */
export async function waitAtMost(promise: Promise<unknown>, limitMs: number): Promise<boolean> {
  const stop = new AbortController();
  const timer = delay(limitMs, false, { signal: stop.signal }).catch(() => false);
  const came = await Promise.race([promise.then(() => true), timer]);
  stop.abort();
  return came;
}
