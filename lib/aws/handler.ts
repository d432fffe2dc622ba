import wrap from "@middy/core";
import type { Context } from "aws-lambda";
import type { InvocationLog } from "./log.ts";
import type { BufferedMetrics } from "./metric-buffer.ts";

export interface HandlerTelemetry {
  readonly log: InvocationLog;
  readonly metrics: BufferedMetrics;
}

/**
 * Middy around a handler: its log lines carry the invocation, its metrics are published at its end, good or bad, and what
 * it throws is logged through the redactor before Lambda sees it.
 *
 * @example export const handler = wrapHandler(ports, async (event, context) => …);
 */
export function wrapHandler<Result>(
  { log, metrics }: HandlerTelemetry,
  handle: (event: unknown, context: Context) => Promise<Result>,
) {
  return wrap<unknown, Result>()
    .before(({ context }) => log.begin({ requestId: context.awsRequestId }))
    .after(() => metrics.flush())
    .onError(({ error }) => {
      log.error("the invocation failed", { error });
      metrics.flush();
    })
    .handler(handle);
}
