import { writeDeadLetter } from "../../../lib/engine/dead-letter.ts";
import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import type { Job } from "../../../lib/engine/job.ts";
import { lanes } from "../../../lib/engine/job.ts";
import type { Ports } from "../../../lib/engine/ports.ts";
import { archiveFailure } from "../../../lib/flows/archive-failure.ts";
import { consumeJob } from "../../../lib/flows/consume-job.ts";
import { fanOut } from "../../../lib/flows/fan-out.ts";
import { sweep } from "../../../lib/flows/sweep.ts";
import type { MemoryPorts } from "../../support/memory-ports.ts";
import { acme } from "./acme.ts";

const tickMs = 15_000;
const ticksMax = 4_000;
const visibilityMs = 360_000;
const workerMs = 30_000;

/** A worker's death at one call of a port: before the call takes effect, or after it did and before anybody heard. */
export interface Death {
  readonly atCall: number;
  readonly when: "before" | "after";
}

export class Died extends Error {}

/** The lanes of a worker can be asked how full they are. */
export type WorkerPorts = Ports & Pick<MemoryPorts, "lanes">;

/**
 * The ports as a worker sees them that dies at its n-th effect. From then on nothing of that worker has any effect.
 * The clock, the log and the like are no effects.
 */
export function mortal(
  ports: MemoryPorts,
  death: Death | null,
): { readonly ports: WorkerPorts; readonly calls: () => number } {
  let calls = 0;
  let dead = false;
  const wrap = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== "function") return member;
        return async (...args: unknown[]): Promise<unknown> => {
          if (dead) throw new Died("dead already");
          calls += 1;
          const dies = death !== null && calls === death.atCall;
          if (dies) dead = true;
          if (dies && death.when === "before") throw new Died("before");
          const result: unknown = await Reflect.apply(member, target, args);
          if (dies) throw new Died("after");
          return result;
        };
      },
    });
  const effects = {
    lanes: wrap(ports.lanes),
    runs: wrap(ports.runs),
    records: wrap(ports.records),
    connections: wrap(ports.connections),
    credentials: wrap(ports.credentials),
    leases: wrap(ports.leases),
    failures: wrap(ports.failures),
    transport: wrap(ports.transport),
    gate: wrap(ports.gate),
    deliveries: wrap(ports.deliveries),
  };
  return { ports: { ...ports, ...effects }, calls: () => calls };
}

/** Runs functions, queues and schedules in virtual time until nothing is left to do; one worker may die on the way. */
export async function runUntilIdle(
  ports: MemoryPorts,
  death: Death | null = null,
  driver: PartnerDriver = acme,
): Promise<{ readonly died: boolean; readonly calls: number }> {
  const first = mortal(ports, death);
  let worker: WorkerPorts = first.ports;
  let died = false;
  const invisible: { job: Job; atMs: number }[] = [];
  const invoke = async (work: (ports: WorkerPorts) => Promise<unknown>): Promise<boolean> => {
    try {
      await work(worker);
      return true;
    } catch (error) {
      if (!(error instanceof Died)) throw error;
      died = true;
      worker = ports;
      return false;
    }
  };
  for (let tick = 0; tick < ticksMax; tick++) {
    await invoke((mine) => fanOut(mine, driver));
    await invoke((mine) => sweep(mine, driver));
    const back = invisible.filter((message) => message.atMs <= ports.clock.nowMs());
    for (const message of back) invisible.splice(invisible.indexOf(message), 1);
    const jobs = [
      ...back.map((message) => message.job),
      ...lanes.flatMap((lane) => ports.lanes.take(lane, ports.clock.nowMs())),
    ];
    for (const job of jobs) {
      const context = { workerId: ports.random.id(), deadlineMs: ports.clock.nowMs() + workerMs };
      const whole = await invoke((mine) => consumeJob(mine, job, context));
      if (!whole) invisible.push({ job, atMs: ports.clock.nowMs() + visibilityMs });
    }
    await archiveGivenUp(ports, driver.name);
    if (invisible.length === 0 && ports.lanes.messages.length === 0 && !(await unfinished(ports, driver.name)))
      return { died, calls: first.calls() };
    ports.clock.advance(tickMs);
  }
  throw new Error(`not idle after ${ticksMax} ticks: ${JSON.stringify(ports.lanes.messages.slice(0, 3))}`);
}

async function archiveGivenUp(ports: MemoryPorts, partner: string): Promise<void> {
  for (const letter of ports.lanes.givenUp.splice(0)) {
    await archiveFailure(ports, {
      partner,
      messageId: letter.job.id,
      body: writeDeadLetter(letter.job, letter.why),
    });
  }
}

async function unfinished(ports: MemoryPorts, partner: string): Promise<boolean> {
  const due = await ports.connections.due(partner, ports.clock.nowMs(), 10);
  const active = await ports.runs.standingStill(partner, Number.MAX_SAFE_INTEGER, 10);
  return due.length + active.length > 0;
}
