import process from "node:process";

/** What some work took. */
export interface Elapsed {
  readonly wallMs: number;
  /** Of this process alone: what else the machine does hardly changes it. */
  readonly cpuMs: number;
}

export async function elapsed(work: () => Promise<void>): Promise<Elapsed> {
  const startedMs = performance.now();
  const before = process.cpuUsage();
  await work();
  const used = process.cpuUsage(before);
  return { wallMs: performance.now() - startedMs, cpuMs: (used.user + used.system) / 1000 };
}
