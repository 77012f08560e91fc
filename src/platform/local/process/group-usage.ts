import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** What the processes of one group use together. A replica leads a group of its own; a shell in front of it is no use to look at. */
export interface GroupUsage {
  /** Resident memory; pages that they share count for each. */
  readonly memoryBytes: number;
  /** Since the start, of those that ended and were waited for too. */
  readonly cpuSeconds: number;
}

/** By leader. Groups without a process that can be read are missing. */
export async function groupUsage(leaders: readonly number[]): Promise<ReadonlyMap<number, GroupUsage>> {
  if (leaders.length === 0) return new Map();
  const processes =
    process.platform === 'linux' ? await linuxProcesses(new Set(leaders)) : await listedProcesses();
  const groups = new Map<number, GroupUsage>();
  for (const { group, memoryBytes, cpuSeconds } of processes) {
    if (!leaders.includes(group)) continue;
    const sum = groups.get(group) ?? { memoryBytes: 0, cpuSeconds: 0 };
    groups.set(group, {
      memoryBytes: sum.memoryBytes + memoryBytes,
      cpuSeconds: sum.cpuSeconds + cpuSeconds,
    });
  }
  return groups;
}

interface ProcessUsage extends GroupUsage {
  readonly group: number;
}

async function linuxProcesses(groups: ReadonlySet<number>): Promise<readonly ProcessUsage[]> {
  const names = await readdir('/proc');
  const pids = names.filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map((pid) => linuxProcess(pid, groups)));
  return found.flatMap((one) => one ?? []);
}

/** null: of none of the groups, or gone meanwhile. */
async function linuxProcess(pid: string, groups: ReadonlySet<number>): Promise<ProcessUsage | null> {
  try {
    const stat = readStat(await readFile(`/proc/${pid}/stat`, 'utf8'));
    if (!groups.has(stat.group)) return null;
    return { ...stat, memoryBytes: residentBytes(await readFile(`/proc/${pid}/status`, 'utf8')) };
  } catch {
    return null;
  }
}

/** USER_HZ, in which Linux tells processor time on all machines that Node runs on. */
const ticksPerSecond = 100;

/** Fields 5 and 14 to 17 of /proc/PID/stat (proc(5)): group; user and system time, own and of children waited for. */
export function readStat(text: string): { readonly group: number; readonly cpuSeconds: number } {
  // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { group: Number(fields[2]), cpuSeconds: ticks / ticksPerSecond };
}

/** A zombie has none. */
export function residentBytes(status: string): number {
  const kilobytes = /^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? 0 : Number(kilobytes) * 1024;
}

/** macOS has no /proc. */
async function listedProcesses(): Promise<readonly ProcessUsage[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pgid=,rss=,time='], { timeout: 2_000 });
  return readProcessList(stdout);
}

/** Lines of `ps -o pgid=,rss=,time=`: kilobytes, and `[[days-]hours:]minutes:seconds`. */
export function readProcessList(text: string): readonly ProcessUsage[] {
  return text.split('\n').flatMap((line) => {
    const [, group, kilobytes, days = '0', time = ''] =
      /^\s*(\d+)\s+(\d+)\s+(?:(\d+)-)?([\d:.]+)\s*$/.exec(line) ?? [];
    if (group === undefined || kilobytes === undefined) return [];
    const seconds = time.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
    return [
      {
        group: Number(group),
        memoryBytes: Number(kilobytes) * 1024,
        cpuSeconds: Number(days) * 86_400 + seconds,
      },
    ];
  });
}
