import { randomUUID } from "node:crypto";
import { pause, type Clock } from "../clock.ts";
import type { FunctionModel, InvocationResult } from "../types.ts";
import type { LocalFunctionHost } from "./function-host.ts";

export interface AsyncInvocationOptions {
  readonly target: FunctionModel;
  readonly event: unknown;
  readonly host: Pick<LocalFunctionHost, "invoke">;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onAttempt?: (result: InvocationResult) => void;
}

export type AsyncOutcome =
  | { readonly kind: "done" }
  /** The stack stopped between attempts. */
  | { readonly kind: "interrupted" }
  /** `record` is the message for an on-failure destination. */
  | { readonly kind: "givenUp"; readonly attempts: number; readonly record: object };

// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
const defaults = { maximumRetryAttempts: 2, maximumEventAgeSeconds: 6 * 3600 };
const retryDelaysMs = [60_000, 120_000];
const throttledDelayMsFirst = 1_000;
const throttledDelayMsMax = 300_000;

/** Invokes as Lambda does for events: an error is tried twice more, after one minute and after two; a throttle until the event is too old. */
export async function invokeAsync(options: AsyncInvocationOptions): Promise<AsyncOutcome> {
  const { target, event, host, clock, signal } = options;
  const { maximumRetryAttempts, maximumEventAgeSeconds } = target.asyncInvoke ?? defaults;
  const tooOldMs = clock.nowMs() + maximumEventAgeSeconds * 1000;
  let errors = 0;
  let throttles = 0;
  for (;;) {
    const result = await host.invoke(target.name, event, { background: true });
    options.onAttempt?.(result);
    if (result.kind === "returned") return { kind: "done" };
    if (result.kind === "throttled") throttles += 1;
    else errors += 1;
    const delayMs = delayAfter(result, errors, throttles);
    const over = errors > maximumRetryAttempts || clock.nowMs() + delayMs > tooOldMs;
    if (over) return { kind: "givenUp", attempts: errors, record: failureRecord(options, result, errors) };
    await pause(clock, delayMs, signal);
    if (signal.aborted) return { kind: "interrupted" };
  }
}

function delayAfter(result: InvocationResult, errors: number, throttles: number): number {
  if (result.kind === "throttled") return Math.min(throttledDelayMsFirst * 2 ** (throttles - 1), throttledDelayMsMax);
  return retryDelaysMs[errors - 1] ?? 0;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html */
function failureRecord(
  { target, event, clock }: AsyncInvocationOptions,
  result: InvocationResult,
  attempts: number,
): object {
  const tooOld = attempts <= (target.asyncInvoke ?? defaults).maximumRetryAttempts;
  return {
    version: "1.0",
    timestamp: new Date(clock.nowMs()).toISOString(),
    requestContext: {
      requestId: randomUUID(),
      functionArn: `${target.arn}:$LATEST`,
      condition: tooOld ? "EventAgeExceeded" : "RetriesExhausted",
      approximateInvokeCount: attempts,
    },
    requestPayload: event,
    responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
    responsePayload:
      result.kind === "threw"
        ? { errorType: result.errorType, errorMessage: result.errorMessage }
        : { errorType: result.kind },
  };
}
