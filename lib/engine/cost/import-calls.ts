import type { Assumptions, FlowCalls } from "./flow-calls.ts";
import { metricLineGb, runLineGb } from "./log-lines.ts";
import { historyWrites, recordReads, recordWrites } from "./record-units.ts";

/** Of a stream's batch at most; what an import changes comes close together. */
const streamBatch = 100;
/** An entry of the digests index, by its attributes; reading it costs half a unit for 4 KB. */
const digestEntryKb = 0.18;
export const pageSize = 100;
const pageSeconds = 0.5;
/** A pass over what stands still is checked in this often, with four bytes for each thing it has seen. */
const checkInSeconds = 10;
const seenKb = 4 / 1_024;
/** Whether the partner is held is asked again after this. */
const controlSeconds = 5;

/** What imports cost, from the due resource to the run's end. */
export function importCalls({ recordKb }: Pick<Assumptions, "recordKb">) {
  return {
    run: {
      each: "import of changes that finds none",
      calls: {
        // Itself, and change-publish, which is told of each change of the resource's state and finds nothing to tell.
        lambdaRequests: 3,
        lambdaGbSeconds: 0.5 * 0.4 + 2 * 0.25 * 0.02,
        // A nudge sent, received and deleted; how full the lane is before any is started, at most once a minute.
        sqsRequests: 4,
        sqsFairRequests: 3,
        // The resource afresh, its connection, and twice more to change it. Then control, run, connection, credential, gate, and the resource.
        dynamoReads: 10,
        // Each index whose sort key moves is written twice: the resource names its run 2, the run 3, its next time 3; lease 3, gate 1, watermark 2, end 2.
        dynamoWrites: 16,
        keyCalls: 1,
        logGb: metricLineGb * 4 + runLineGb,
      },
      from: "lib/flows/fan-out.ts, start-run.ts, push-run.ts, import-page.ts, finish-run.ts; indexes in lib/aws/run-item.ts, connection-item.ts",
    },
    pass: {
      each: "full pass, beyond what any import costs",
      // What was parked before it; what its pages' shapes are compared with; the gate once more, then it is remembered.
      calls: { dynamoReads: 0.5 + 1 + 1 },
      from: "lib/flows/close-parked.ts, watch-drift.ts, lib/engine/gate/item-shelf.ts",
    },
    passPage: {
      each: "page of 100 in a full pass, nothing changed",
      calls: passPageCalls({ things: pageSize, seconds: pageSeconds }),
      from: "lib/flows/import-page.ts, known-digests.ts, push-run.ts, full-pass.ts, tokens-ahead.ts",
    },
    changedRun: {
      each: "import that finds changes, beyond what any costs",
      calls: {
        // The checkpoint and its index.
        dynamoWrites: 3,
        // What the page's shapes are compared with; the connection's tenant, once a batch of the stream.
        dynamoReads: 2,
        lambdaRequests: 1,
        lambdaGbSeconds: 0.5 * pageSeconds + 0.25 * 0.1,
        logGb: metricLineGb,
      },
      from: "lib/flows/push-run.ts, watch-drift.ts, publish-changes.ts",
    },
    found: {
      each: "changed record that an import finds: record, history, event",
      calls: {
        // Its mark.
        dynamoReads: recordReads(recordKb),
        dynamoWrites: recordWrites(recordKb) + historyWrites(recordKb),
        busEvents: 1,
        lambdaRequests: 1 / streamBatch,
        lambdaGbSeconds: 0.25 * 0.02,
      },
      from: "lib/flows/save-records.ts, lib/flows/publish-changes.ts",
    },
  } as const satisfies Readonly<Record<string, FlowCalls>>;
}

/**
 * A page on which nothing changed, of a partner that answers unevenly and of an account that nobody else calls: the gate's write, the
 * digests, its share of a look at the control and of the next check-in. Where pages come regularly, one write of the gate serves several.
 */
export function passPageCalls({ things, seconds }: { readonly things: number; readonly seconds: number }) {
  const pages = checkInSeconds / seconds;
  return {
    lambdaGbSeconds: 0.5 * seconds,
    dynamoReads: seconds / controlSeconds + (things * digestEntryKb) / 8,
    dynamoWrites: 1 + (3 + Math.ceil(pages * things * seenKb)) / pages,
  };
}
