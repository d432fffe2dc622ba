import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";

/** Ticks a second in /proc: `getconf CLK_TCK` says 100 on every Linux that Node runs on. */
const tickMs = 10;

interface ProcessTime {
  readonly parent: number;
  readonly cpuMs: number;
}

/**
 * Processor time of this process and of all its children so far; null where there is no /proc to read it from. A child
 * that has ended counts with the parent that waited for it.
 */
export function cpuMsOfTree(): number | null {
  const times = readTimes();
  if (times === null) return null;
  const isOurs = (pid: number): boolean => {
    for (let at = pid, steps = 0; at > 1 && steps < 50; at = times.get(at)?.parent ?? 0, steps++)
      if (at === process.pid) return true;
    return false;
  };
  return [...times].reduce((sum, [pid, time]) => (isOurs(pid) ? sum + time.cpuMs : sum), 0);
}

function readTimes(): ReadonlyMap<number, ProcessTime> | null {
  let names: readonly string[];
  try {
    names = readdirSync("/proc");
  } catch {
    return null;
  }
  return new Map(
    names.flatMap((name) => {
      const time = /^\d+$/.test(name) ? timeOf(name) : null;
      return time === null ? [] : [[Number(name), time] as const];
    }),
  );
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: the name may hold anything, so fields are counted after it. */
function timeOf(pid: string): ProcessTime | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text
      .slice(text.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
    const [user = 0, system = 0, childrenUser = 0, childrenSystem = 0] = fields.slice(11, 15);
    return { parent: fields[1] ?? 0, cpuMs: (user + system + childrenUser + childrenSystem) * tickMs };
  } catch {
    // It ended while we read.
    return null;
  }
}
