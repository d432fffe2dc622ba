import type { Assumptions, FlowCalls } from "./flow-calls.ts";
import { accessLineGb, metricLineGb, webhookLineGb } from "./log-lines.ts";
import { historyWrites, recordReads, recordWrites } from "./record-units.ts";

/** What a webhook costs until it is done. */
export function webhookCalls({ batch, recordKb }: Omit<Assumptions, "pollers">) {
  const shared = 1 / batch;
  return {
    webhook: {
      each: "webhook received",
      calls: {
        httpApiRequests: 1,
        lambdaRequests: 1,
        lambdaGbSeconds: 0.25 * 0.01,
        sqsRequests: 1,
        sqsFairRequests: 1,
        logGb: accessLineGb + webhookLineGb,
      },
      from: "lib/flows/ingest-webhook.ts, warm; test/bench/ingest-calls.ts counts one SendMessage",
    },
    work: {
      each: "webhook worked, one thing fetched, nothing changed",
      calls: {
        lambdaRequests: shared,
        // Those of a batch are worked at the same time.
        lambdaGbSeconds: 0.5 * 0.12 * shared,
        sqsRequests: 2 * shared,
        sqsFairRequests: 2 * shared,
        // The partner's control, and the gate, which others use too; the connection, the record's mark.
        dynamoReads: gateAsks(batch) + shared + 1 + recordReads(recordKb),
        dynamoWrites: gateAsks(batch),
        logGb: metricLineGb * 2 * shared,
      },
      from: "lib/flows/consume-job.ts, handle-webhook.ts, lib/engine/gate: the gate is read and written; what is kept for a minute is a line of its own",
    },
    remembered: {
      each: "webhook whose signature holds no time: looked up, and remembered once it was worked",
      calls: { dynamoReads: 1, dynamoWrites: 1 },
      from: "lib/flows/webhook/delivery-mark.ts, lib/aws/deliveries.ts",
    },
    partnerMinute: {
      each: "partner and minute with webhooks: its secret read afresh",
      calls: { secretCalls: 1 },
      from: "lib/aws/ingest-ports.ts: kept for a minute, by one environment",
    },
    connectionMinute: {
      each: "connection and minute with webhooks: what is kept of it read afresh",
      // The connection when it is received, the credential when it is worked.
      calls: { dynamoReads: 2, keyCalls: 1 },
      from: "lib/aws/ingest-ports.ts, lib/aws/credentials.ts: kept for a minute, by one environment of each function",
    },
    change: {
      each: "record changed by a webhook: record, history, event",
      calls: {
        dynamoWrites: recordWrites(recordKb) + historyWrites(recordKb),
        // The connection's tenant, once a batch of the stream.
        dynamoReads: shared,
        busEvents: 1,
        lambdaRequests: shared,
        lambdaGbSeconds: 0.25 * 0.02 * shared,
        logGb: metricLineGb * shared,
      },
      from: "lib/aws/record-store.ts, lib/constructs/table-shapes.ts, lib/flows/publish-changes.ts; Lambda reads streams for nothing",
    },
  } as const satisfies Readonly<Record<string, FlowCalls>>;
}

/** For each webhook of a batch: those that come to ask at the same moment ask once, in one or two turns. */
function gateAsks(batch: number): number {
  return Math.min(2, batch) / batch;
}
