// One execution environment: imports a bundle, says when it was ready, then answers events one by one. Plain JavaScript, so
// that what is timed holds no stripping of types.
import { performance } from "node:perf_hooks";
import process from "node:process";

/** @param {object} message */
const say = (message) => process.send?.(message);

/** Processor time of the whole process so far. */
function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const { handler } = /** @type {{ handler: (event: unknown, context: object) => unknown }} */ (
  /** @type {unknown} */ (await import(String(process.argv[2])))
);
// Since the process began, its own start-up included.
const readyMs = performance.now();
say({ kind: "ready", readyMs, cpuMs: cpuMs(), rssMb: process.memoryUsage.rss() / 2 ** 20 });

const context = {
  functionName: "bench",
  functionVersion: "$LATEST",
  invokedFunctionArn: "arn:aws:lambda:us-east-1:123456789012:function:bench",
  memoryLimitInMB: "256",
  awsRequestId: "8f2ab5a8-0000-4000-8000-000000000000",
  logGroupName: "bench",
  logStreamName: "bench",
  callbackWaitsForEmptyEventLoop: false,
  getRemainingTimeInMillis: () => 10_000,
};

/** @param {unknown} event */
async function answer(event) {
  const beganMs = performance.now();
  try {
    const answer = await handler(event, context);
    const nowMs = performance.now();
    say({ kind: "answered", answer, tookMs: nowMs - beganMs, sinceStartMs: nowMs, cpuMs: cpuMs() });
  } catch (error) {
    say({ kind: "threw", error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

process.once("disconnect", () => process.exit());
process.on("message", (event) => void answer(event));
