import type { Assumptions, FlowCalls } from "./flow-calls.ts";

export const monthSeconds = (365.25 * 86_400) / 12;
const pollSeconds = 20;

/** What is paid while nothing happens, and for there being partners at all. */
export function standingCalls({ pollers }: Pick<Assumptions, "pollers">) {
  return {
    stage: {
      each: "stage and month",
      calls: { keyMonths: 1, secretMonths: 1, dashboardMonths: 1, alarmMonths: 10 },
      from: "lib/stacks: the key, the API's secret, the dashboard; alarms for throttles, API errors, changes behind and lost, imports (two metrics), credentials (four)",
    },
    partner: {
      each: "partner and month: secret, alarms",
      // Errors is one alarm over two metrics, failed webhooks another, and alarms are paid by the metric.
      calls: { secretMonths: 1, alarmMonths: 9 },
      from: "lib/stacks/partner-stack.ts, lib/constructs/partner-alarms.ts",
    },
    polling: {
      each: "partner and month: idle queues",
      calls: { sqsRequests: (3 * pollers * monthSeconds) / pollSeconds },
      from: "lib/constructs/partner-functions.ts: three mappings; how Lambda polls is AWS's own, told by secondary sources",
    },
    look: {
      each: "partner and minute",
      // Four shards of what is due and four of what stands still, half a unit each; the partner's control. No metric while nothing is due.
      calls: { schedules: 1, lambdaRequests: 1, lambdaGbSeconds: 0.25 * 0.05, dynamoReads: 5 },
      from: "lambdas/import-fan-out.ts: lib/flows/fan-out.ts, sweep.ts",
    },
    control: {
      each: "partner and minute: partner-control, and a canary on each lane",
      calls: {
        schedules: 1,
        // Itself, and a consumer for each canary.
        lambdaRequests: 3,
        lambdaGbSeconds: 0.25 * 0.1 + 2 * 0.5 * 0.02,
        // Each canary sent, received and deleted.
        sqsRequests: 6,
        // Its control, what is held and what is parked; the control for each canary, and once more to note it.
        // Once an hour, four shards of the connections that are to be looked at, half a unit each.
        dynamoReads: 6 + 2 / 60,
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
