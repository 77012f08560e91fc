/** Does doing the same again help? `after`: yes, but not before `retryAfterMs`. */
export type Retry = 'yes' | 'no' | 'after';

export interface ErrorCodeEntry {
  /** Does doing the same again help? */
  readonly retry: Retry;
  /** HTTP status where the API answers with it. */
  readonly status: number;
  /** Exit code where a command ends with it; see docs/reference/cli.md. */
  readonly exit: number;
  /** When it is given. */
  readonly when: string;
  /** What the reader should do. */
  readonly cure: string;
}

function entry(retry: Retry, status: number, exit: number, when: string, cure: string): ErrorCodeEntry {
  return { retry, status, exit, when, cure };
}

/** Every code that leaves Sluice. A code is never renamed or reused. docs/reference/errors.md is made from this table. */
export const errorCodes = {
  internal: entry(
    'no',
    500,
    1,
    'Something failed that no other code names.',
    'Look at the log, then file a bug with it.',
  ),
  usage: entry('no', 400, 2, 'The command line or the request does not fit.', 'See the command with --help.'),
  'invalid-resource': entry(
    'no',
    422,
    2,
    'A manifest has an error.',
    'Run "sluice lint FILE" and apply the edits that it prints.',
  ),
  'not-found': entry(
    'no',
    404,
    8,
    'There is no service, rollout or record of that name.',
    'Run "sluice list" to see the names.',
  ),
  'revision-not-observed': entry(
    'yes',
    404,
    8,
    'The revision never appeared.',
    'Check that the deploy reached this engine.',
  ),
  conflict: entry(
    'yes',
    409,
    1,
    'Somebody else changed the same thing first.',
    'Look again and repeat the command if it is still wanted.',
  ),
  'action-refused': entry(
    'no',
    409,
    2,
    'The rollout is not in a state in which this action means anything.',
    'Run "sluice why SERVICE" to see what it waits for.',
  ),
  unauthorized: entry(
    'no',
    401,
    9,
    'The token is missing or wrong.',
    'Use the token file of the state directory of the running engine.',
  ),
  forbidden: entry('no', 403, 9, 'The caller may not do this.', 'Ask for the right, or use another account.'),
  unreachable: entry(
    'yes',
    503,
    10,
    'No engine answers.',
    'Start one with "sluice up", or point --state at the one that runs.',
  ),
  timeout: entry('yes', 504, 5, 'The time for it ran out.', 'The work goes on; run "sluice why SERVICE".'),
  'payload-too-large': entry('no', 413, 2, 'The request body is too large.', 'Send less than 1 MiB.'),
  'port-in-use': entry(
    'yes',
    409,
    2,
    'Another program listens on the port.',
    'Stop that program or give the service another port.',
  ),
  'port-forbidden': entry(
    'no',
    403,
    2,
    'The port needs more rights than this user has.',
    'Take a port of 1024 or above, or give the program CAP_NET_BIND_SERVICE.',
  ),
  'state-newer': entry(
    'no',
    500,
    2,
    'The state directory was written by a newer version.',
    'Use that version or newer, or another --state directory.',
  ),
  'state-locked': entry(
    'no',
    409,
    2,
    'Another engine runs on this state directory.',
    'Use that engine, stop it with "sluice down", or take another --state directory.',
  ),
  'state-unwritable': entry(
    'yes',
    507,
    1,
    'The state directory cannot be written.',
    'Free space, or make it writable. Traffic stays where it is; a rollback still works.',
  ),
  'state-damaged': entry(
    'no',
    500,
    1,
    'The state file is damaged or is not one of Sluice.',
    'Restore it from a backup, or move it away to start anew. Traffic stays where it is.',
  ),
  'process-start-failed': entry(
    'yes',
    500,
    1,
    'The command of a Process could not be started.',
    'Check spec.command, spec.workingDir and that the file is executable.',
  ),
  'keeper-unreachable': entry(
    'yes',
    503,
    10,
    'The keeper does not answer.',
    'Run "sluice doctor"; "sluice up" starts a keeper where none runs.',
  ),
  'proxy-unreachable': entry(
    'yes',
    503,
    10,
    'A proxy worker does not answer.',
    'The keeper restarts it; run "sluice doctor" if this stays.',
  ),
  'hook-failed': entry(
    'yes',
    502,
    1,
    'A webhook did not answer with a 2xx status.',
    'Look at what it answered in "sluice history SERVICE -o json".',
  ),
  'egress-refused': entry(
    'no',
    403,
    2,
    'The address of an outgoing call is not allowed.',
    'Allow the host in the configuration, if it is meant.',
  ),
  'metrics-unavailable': entry(
    'yes',
    502,
    1,
    'The metric source did not answer, or not with what was asked.',
    'Nothing advances without data; check the source.',
  ),
  unsupported: entry('no', 501, 2, 'This is not supported here.', 'The message says what is.'),
  'audit-broken': entry(
    'no',
    500,
    1,
    'The audit chain does not verify.',
    'Keep the file; the message names the first record that does not fit.',
  ),
  'node-too-old': entry('no', 500, 2, 'Node is older than 24.', 'Install Node 24 or newer.'),
  interrupted: entry(
    'yes',
    500,
    130,
    'Interrupted by the user; the rollout goes on.',
    'Use "sluice watch SERVICE" to look again.',
  ),
} as const satisfies Record<string, ErrorCodeEntry>;

export type ErrorCode = keyof typeof errorCodes;
