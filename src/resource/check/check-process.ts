import { type Finding, findingAt, type FindingParts, type Path } from '../finding.ts';
import type { ProbeValue } from '../schema/probe.ts';
import type { ProcessResource } from './resource.ts';

/** What a Process that fits the schema still has wrong, or surprises with. Looks at no other document. */
export function checkProcess(workload: ProcessResource): readonly Finding[] {
  return [...checkRoll(workload), ...checkProbes(workload), ...checkGrace(workload), ...checkEnv(workload)];
}

function at(workload: ProcessResource, path: Path, parts: FindingParts): Finding {
  return findingAt(workload.document, ['spec', ...path], parts);
}

function checkRoll(workload: ProcessResource): readonly Finding[] {
  const { replicas, strategy } = workload.value.spec;
  const findings: Finding[] = [];
  if (replicas === 0) {
    findings.push(
      at(workload, ['replicas'], {
        code: 'replicas-zero',
        message: 'replicas is 0.',
        fix: 'write 1 or more',
      }),
    );
  }
  if (strategy?.type === 'Recreate' && strategy.rollingUpdate !== undefined) {
    const message = 'Recreate has no rollingUpdate.';
    findings.push(
      at(workload, ['strategy', 'rollingUpdate'], {
        code: 'strategy-conflict',
        message,
        fix: 'remove rollingUpdate',
      }),
    );
  }
  return findings;
}

function checkProbes(workload: ProcessResource): readonly Finding[] {
  const { readinessProbe, livenessProbe, startupProbe } = workload.value.spec;
  const findings: Finding[] = [];
  for (const [name, probe] of Object.entries({ livenessProbe, startupProbe })) {
    if ((probe?.successThreshold ?? 1) === 1) continue;
    const parts = {
      code: 'probe-threshold',
      message: `${name}.successThreshold is not 1.`,
      fix: 'remove it',
    } as const;
    findings.push(at(workload, [name, 'successThreshold'], parts));
  }
  for (const [name, probe] of Object.entries({ readinessProbe, livenessProbe, startupProbe })) {
    findings.push(...(probe === undefined ? [] : checkPorts(workload, name, probe)));
  }
  return findings;
}

function checkPorts(workload: ProcessResource, name: string, probe: ProbeValue): readonly Finding[] {
  const findings: Finding[] = [];
  for (const action of ['httpGet', 'tcpSocket'] as const) {
    const port = probe[action]?.port;
    if (port === undefined || (typeof port === 'number' && port >= 1 && port <= 65_535)) continue;
    const message = `${name}.${action}.port is ${JSON.stringify(port)}.`;
    const parts = {
      code: 'probe-invalid',
      message,
      why: 'A Process has no named ports.',
      fix: 'leave it out: it is the port of the replica then',
    } as const;
    findings.push(at(workload, [name, action, 'port'], parts));
  }
  if (probe.httpGet?.scheme === 'HTTPS') {
    const message = `${name}.httpGet.scheme is HTTPS.`;
    const why = 'On one machine a probe speaks plain HTTP to the replica.';
    findings.push(
      at(workload, [name, 'httpGet', 'scheme'], {
        code: 'probe-invalid',
        message,
        why,
        fix: 'write HTTP, or probe with tcpSocket',
      }),
    );
  }
  return findings;
}

function checkGrace(workload: ProcessResource): readonly Finding[] {
  const { preStop, terminationGracePeriodSeconds: grace = 30 } = workload.value.spec;
  if (preStop?.sleep === undefined || preStop.sleep.seconds < grace) return [];
  const message = `preStop sleeps ${preStop.sleep.seconds} s of a grace period of ${grace} s.`;
  const fix = `write terminationGracePeriodSeconds: ${preStop.sleep.seconds + 15} or more`;
  return [at(workload, ['preStop'], { code: 'grace-too-short', message, fix })];
}

function checkEnv(workload: ProcessResource): readonly Finding[] {
  const { env = {} } = workload.value.spec;
  const list = Array.isArray(env) ? env : Object.entries(env).map(([name, value]) => ({ name, value }));
  const findings: Finding[] = [];
  for (const [index, { name }] of list.entries()) {
    const path = ['env', Array.isArray(env) ? index : name];
    if (name === '' || /[=\0]/.test(name)) {
      findings.push(
        at(workload, path, {
          code: 'invalid-name',
          message: `"${name}" is not a name of a variable.`,
          fix: 'use letters, digits and "_"',
        }),
      );
    }
    if (name !== 'PORT') continue;
    findings.push(
      at(workload, path, {
        code: 'port-env-conflict',
        message: 'env sets PORT.',
        fix: 'remove it, or write spec.port',
      }),
    );
  }
  return findings;
}
