import { existsSync, readFileSync } from "node:fs";

/** Whether a process is running; one that has ended but was not waited for is not. */
export function isRunning(pid: number): boolean {
  if (existsSync("/proc/self/status")) {
    try {
      return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
    } catch {
      return false;
    }
  }
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
