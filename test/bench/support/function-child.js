// One execution environment: imports a bundle, says when it was ready, then answers events one by one. Plain JavaScript, so
// that what is timed holds no stripping of types.
import { performance } from "node:perf_hooks";
import process from "node:process";

/** @param {object} message */
const say = (message) => process.send?.(message);

const { handler } = await import(String(process.argv[2]));
if (typeof handler !== "function") throw new Error(`${process.argv[2]} exports no handler`);
// Since the process began, its own start-up included.
const readyMs = performance.now();
const used = process.cpuUsage();
say({ kind: "ready", readyMs, cpuMs: (used.user + used.system) / 1000, rssMb: process.memoryUsage.rss() / 2 ** 20 });

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

process.on("message", (event) => {
  const beganMs = performance.now();
  Promise.resolve(handler(event, context)).then(
    (answer) => say({ kind: "answered", answer, tookMs: performance.now() - beganMs, sinceStartMs: performance.now() }),
    (error) => say({ kind: "threw", error: String(error?.stack ?? error) }),
  );
});
