import type { Amounts } from "./price-list.ts";

/** What the counts depend on beside the flow itself. */
export interface Assumptions {
  /** Messages that a consumer gets at once: 1 while it is quiet, up to 10. */
  readonly batch: number;
  /** Of an idle mapping: Lambda keeps 2 to 5, each asking every 20 seconds. */
  readonly pollers: number;
  /** Of one record as JSON. */
  readonly recordKb: number;
}

export interface FlowCalls {
  /** Once a what. */
  readonly each: string;
  readonly calls: Amounts;
  /** Where the numbers come from. */
  readonly from: string;
}

export const monthSeconds = (365.25 * 86_400) / 12;
const pollSeconds = 20;
/** A metric line in CloudWatch's embedded format, as a function writes it at an invocation's end. */
const metricLineGb = 400e-9;

/**
 * The service calls of each flow. Counted from the code named in `from`; durations are assumed (a partner answers in 80 ms),
 * and so are the sizes of log lines.
 */
export function flowCalls(assumptions: Assumptions): Readonly<Record<FlowName, FlowCalls>> {
  return { ...standingCalls(assumptions), ...eventCalls(assumptions) };
}

export type FlowName = keyof ReturnType<typeof standingCalls> | keyof ReturnType<typeof eventCalls>;

/** What is paid while nothing happens, and for there being partners at all. */
function standingCalls({ pollers }: Assumptions) {
  return {
    stage: {
      each: "stage and month",
      calls: { keyMonths: 1, secretMonths: 1, dashboardMonths: 1, alarmMonths: 6 },
      from: "lib/stacks: the key, the API's secret, the dashboard; alarms for throttles, API errors, changes behind and lost, imports (two metrics)",
    },
    partner: {
      each: "partner and month: secret, alarms",
      // Errors is one alarm over two metrics, and alarms are paid by the metric.
      calls: { secretMonths: 1, alarmMonths: 7 },
      from: "lib/stacks/partner-stack.ts, lib/constructs/partner-alarms.ts",
    },
    polling: {
      each: "partner and month: idle queues",
      calls: { sqsRequests: (3 * pollers * monthSeconds) / pollSeconds },
      from: "lib/constructs/partner-functions.ts: three mappings; how Lambda polls is AWS's own, told by secondary sources",
    },
    look: {
      each: "partner and minute",
      calls: {
        schedules: 1,
        lambdaRequests: 1,
        lambdaGbSeconds: 0.25 * 0.05,
        dynamoReads: 4,
        logGb: metricLineGb,
      },
      from: "lambdas/import-fan-out.ts: four shards of what is due, four of what stands still, half a unit each",
    },
    control: {
      each: "partner and minute: partner-control, and a canary on each lane",
      calls: {
        schedules: 1,
        // Itself, and a consumer for each canary.
        lambdaRequests: 3,
        lambdaGbSeconds: 0.25 * 0.1 + 2 * 0.5 * 0.02,
        // Sent and deleted; receiving is the polling that goes on anyway.
        sqsRequests: 4,
        // Its control, what is held, what is parked, and each canary's own look.
        dynamoReads: 4,
        dynamoWrites: 2,
      },
      from: "lib/flows/control-partner.ts, send-canaries.ts, note-canary.ts; no metric while all is well",
    },
    busyPartner: {
      each: "partner with webhooks or imports, and month",
      // WebhooksAccepted, PartnerCalls ok, ImportsDue; JobsDone, RunsStarted and RunsDone of two kinds each; RecordsChanged of three.
      calls: { metricMonths: 12 },
      from: "names and kinds that lib/flows count when all goes well; a metric is paid while it is written",
    },
  } as const satisfies Readonly<Record<string, FlowCalls>>;
}

/** What each thing that happens costs. */
function eventCalls({ batch, recordKb }: Assumptions) {
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
        // The access log, and a metric line.
        logGb: 300e-9 + metricLineGb,
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
        dynamoReads: 2 + recordReads(recordKb),
        dynamoWrites: 1,
        logGb: metricLineGb * 2 * shared,
      },
      from: "lib/flows/handle-webhook.ts: the connection, the gate read and written, the record's mark; credential cached a minute",
    },
    change: {
      each: "record changed",
      calls: {
        // The record, its entry in the digests index, its history.
        dynamoWrites: writesOf(recordKb) + 1 + writesOf(recordKb),
        lambdaRequests: shared,
        lambdaGbSeconds: 0.25 * 0.02 * shared,
        logGb: metricLineGb * shared,
      },
      from: "lib/aws/record-store.ts, lib/constructs/table-shapes.ts, lib/flows/publish-change.ts; no event is published yet",
    },
    run: {
      each: "import of changes that finds none",
      calls: {
        lambdaRequests: 1,
        lambdaGbSeconds: 0.5 * 0.4,
        // Three messages, and how full the lane is before it is started: at most once a minute, however many are.
        sqsRequests: 4,
        sqsFairRequests: 3,
        dynamoReads: 9,
        // Each index whose sort key moves is written twice: start 6, lease 3, gate 1, checkpoint 3, watermark 2, end 2.
        dynamoWrites: 17,
        keyCalls: 1,
        logGb: metricLineGb * 5,
      },
      from: "lib/flows/admit-imports.ts, start-run.ts, push-run.ts, import-page.ts, finish-run.ts; indexes in lib/aws/run-item.ts, connection-item.ts",
    },
    passPage: {
      each: "page of 100 in a full pass, nothing changed",
      calls: {
        lambdaGbSeconds: 0.5 * 0.5,
        // The gate and a hundred marks; the gate and the checkpoint with its index.
        dynamoReads: 1 + 100 * recordReads(recordKb),
        dynamoWrites: 4,
      },
      from: "lib/flows/import-page.ts, lib/aws/record-store.ts: marks are read by BatchGetItem, which is paid by the whole item",
    },
  } as const satisfies Readonly<Record<string, FlowCalls>>;
}

/** A consistent read is a unit for each 4 KB. */
function recordReads(recordKb: number): number {
  return Math.ceil(recordKb / 4);
}

function writesOf(kb: number): number {
  return Math.ceil(kb);
}
