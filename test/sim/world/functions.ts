import { readJob, workBatch } from "../../../lib/aws/queue-batch.ts";
import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import type { Lane } from "../../../lib/engine/job.ts";
import { archiveFailure } from "../../../lib/flows/archive-failure.ts";
import { controlPartner } from "../../../lib/flows/control-partner.ts";
import { consumeJob } from "../../../lib/flows/consume-job.ts";
import { fanOut } from "../../../lib/flows/fan-out.ts";
import type { WorkContext } from "../../../lib/flows/outcome.ts";
import { publishChanges } from "../../../lib/flows/publish-changes.ts";
import { sweep } from "../../../lib/flows/sweep.ts";
import type { Ground } from "../kernel/ground.ts";
import type { Message } from "./queue.ts";
import type { RecordChange } from "./record-store.ts";
import type { WorkerPorts } from "./worker-ports.ts";

/** Time-outs of the functions in their stack, and what is kept back of them. */
export const timeoutsMs = {
  webhooks: 30_000,
  imports: 60_000,
  deadLetters: 30_000,
  schedule: 60_000,
  stream: 60_000,
  ingest: 10_000,
} as const;
export const leavingMs = 10_000;

/** What the thin files in lambdas/ do around their flows; these have no services to start. */
export function consumeBatch(ground: Ground, batch: readonly Message[]) {
  return async (ports: WorkerPorts, context: WorkContext): Promise<readonly string[]> => {
    const answer = await workBatch(eventOf(batch), ports.log, async (record) => {
      const job = readJob(record);
      ground.tell({ kind: "job-received", job });
      await consumeJob(ports, job, context);
    });
    return answer.batchItemFailures.map((failure) => failure.itemIdentifier);
  };
}

export function archiveBatch(partner: string, batch: readonly Message[]) {
  return async (ports: WorkerPorts): Promise<readonly string[]> => {
    const answer = await workBatch(eventOf(batch), ports.log, async ({ messageId, body }) =>
      archiveFailure(ports, { partner, messageId, body }),
    );
    return answer.batchItemFailures.map((failure) => failure.itemIdentifier);
  };
}

export function everyMinute(driver: PartnerDriver) {
  return async (ports: WorkerPorts): Promise<void> => {
    const [started, swept] = await Promise.allSettled([fanOut(ports, driver), sweep(ports, driver)]);
    if (started.status === "rejected") throw started.reason;
    if (swept.status === "rejected") throw swept.reason;
  };
}

export function control(driver: PartnerDriver) {
  return async (ports: WorkerPorts, context: WorkContext): Promise<void> => {
    await controlPartner(ports, driver, context);
  };
}

const nothingErased = { clearStates: () => Promise.reject(new Error("nothing is erased in here")) };

/** @returns how many of the batch were published, in order. */
export function publishBatch(batch: readonly RecordChange[]) {
  return async (ports: WorkerPorts): Promise<number> => {
    const readers = batch.map((change, index) => ({
      sequence: String(index),
      read: () => Promise.resolve({ kind: "record", ...change } as const),
    }));
    const stoppedAt = await publishChanges({ ...ports, eraser: nothingErased }, readers);
    return stoppedAt === null ? batch.length : Number(stoppedAt);
  };
}

export const batchMax: Readonly<Record<Lane, number>> = { webhooks: 10, imports: 1 };

function eventOf(batch: readonly Message[]): unknown {
  return { Records: batch.map(({ id, body }) => ({ messageId: id, body })) };
}
