// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html

/** A synchronous invocation's request, bytes of JSON. */
export const requestBytesMax = 6 * 1024 * 1024;

/** A synchronous invocation's response; Lambda allows 100 bytes more than for a request. */
export const responseBytesMax = requestBytesMax + 100;

/**
 * How long loading the code may take: ten seconds, and when they are over Lambda starts it once more within the
 * function's time-out. https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib
 */
export function initSecondsMax(timeoutSeconds: number): number {
  return 10 + timeoutSeconds;
}
