import { access, constants, stat, statfs } from 'node:fs/promises';
import { connect } from 'node:net';
import { toSluiceError } from '../../lib/error.ts';
import { type ServiceListDocument, viewSchema } from '../../resource/view.ts';
import type { CommandFunction } from '../command-options.ts';
import { exitCodes } from '../exit-codes.ts';
import type { DoctorFinding } from '../host.ts';
import { table } from '../render/table.ts';
import type { Session } from '../session.ts';

export const run: CommandFunction = async (session) => {
  const findings = [
    nodeVersion(),
    ...(await stateFindings(session.state)),
    ...(await engineFindings(session)),
    ...(await session.host.local.inspectPlatform(session.state)),
  ];
  const { colors, glyphs } = session.style;
  const marks = { ok: colors.green(glyphs.good), warning: colors.yellow('!'), error: colors.red(glyphs.bad) };
  await session.out.result({
    document: { schema: viewSchema, kind: 'Doctor', findings },
    items: findings,
    text: () =>
      table(
        findings.map(({ check, status, message, cure }) => [
          `${marks[status]} ${check}`,
          cure === null ? message : `${message}. ${cure}`,
        ]),
      ),
    names: () => findings.filter(({ status }) => status !== 'ok').map(({ check }) => check),
  });
  return findings.some(({ status }) => status === 'error')
    ? exitCodes.unexpected.code
    : exitCodes.reached.code;
};

function nodeVersion(): DoctorFinding {
  const { node } = process.versions;
  return Number.parseInt(node, 10) >= 24
    ? ok('node', node)
    : { check: 'node', status: 'error', message: node, cure: 'Install Node 24 or newer.' };
}

async function stateFindings(state: string): Promise<readonly DoctorFinding[]> {
  let found;
  try {
    found = await stat(state);
    await access(state, constants.W_OK | constants.R_OK | constants.X_OK);
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    if (code === 'ENOENT')
      return [
        {
          check: 'state',
          status: 'warning',
          message: `${state} does not exist yet`,
          cure: '"sluice up" makes it.',
        },
      ];
    return [
      {
        check: 'state',
        status: 'error',
        message: `${state}: ${message}`,
        cure: 'Make it writable, or give --state another directory.',
      },
    ];
  }
  const open = (found.mode & 0o077) !== 0;
  const permissions: DoctorFinding = open
    ? {
        check: 'state',
        status: 'warning',
        message: `${state} is open to other users`,
        cure: `Run: chmod 700 ${state}`,
      }
    : ok('state', state);
  const { bavail, bsize } = await statfs(state);
  const freeMb = Math.floor((bavail * bsize) / 1024 / 1024);
  const disk: DoctorFinding =
    freeMb >= 500
      ? ok('disk', `${freeMb} MB free`)
      : {
          check: 'disk',
          status: freeMb < 50 ? 'error' : 'warning',
          message: `${freeMb} MB free`,
          cure: 'Free space: history and logs are written there.',
        };
  return [permissions, disk];
}

async function engineFindings(session: Session): Promise<readonly DoctorFinding[]> {
  try {
    const before = session.host.nowMs();
    const engine = await session.client.engine();
    const driftMs = Math.abs(engine.nowMs - (before + session.host.nowMs()) / 2);
    const services = await session.client.services();
    return [
      ok(
        'engine',
        `process ${engine.pid}, version ${engine.version}, ${engine.services} services, ${engine.running} rollouts running`,
      ),
      driftMs < 2_000
        ? ok('clock', 'the engine and this clock agree')
        : {
            check: 'clock',
            status: 'warning',
            message: `the engine's clock differs by ${Math.round(driftMs / 1_000)} s`,
            cure: 'The clock was set while the engine ran; it keeps its own until it is started anew.',
          },
      ...engine.troubles.map(
        (message): DoctorFinding => ({
          check: 'engine',
          status: 'error',
          message,
          cure: 'See the log in the state directory.',
        }),
      ),
      ...(await portFindings(services)),
    ];
  } catch (thrown) {
    const error = toSluiceError(thrown, 'unreachable');
    return [
      {
        check: 'engine',
        status: error.code === 'unreachable' ? 'warning' : 'error',
        message: error.message,
        cure: error.cure,
      },
    ];
  }
}

async function portFindings({ services }: ServiceListDocument): Promise<readonly DoctorFinding[]> {
  return await Promise.all(
    services.map(async ({ key, address, problem }): Promise<DoctorFinding> => {
      if (problem !== null)
        return { check: key, status: 'error', message: problem, cure: `Run "sluice why ${key}".` };
      const { hostname, port } = new URL(address);
      const answers = await accepts(hostname, Number(port));
      return answers
        ? ok(key, `listens on ${address}`)
        : {
            check: key,
            status: 'error',
            message: `nothing listens on ${address}`,
            cure: 'The keeper restarts the proxy; look again in some seconds.',
          };
    }),
  );
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2_000 });
    const finish = (value: boolean): void => {
      socket.destroy();
      resolve(value);
    };
    socket.once('connect', () => finish(true));
    socket.once('timeout', () => finish(false));
    socket.once('error', () => finish(false));
  });
}

function ok(check: string, message: string): DoctorFinding {
  return { check, status: 'ok', message, cure: null };
}
