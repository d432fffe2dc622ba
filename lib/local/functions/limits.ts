// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html

/** A synchronous invocation's request, bytes of JSON. */
export const requestBytesMax = 6 * 1024 * 1024;

/** A synchronous invocation's response; Lambda allows 100 bytes more than for a request. */
export const responseBytesMax = requestBytesMax + 100;

/** How long a cold start may take before Lambda gives up on it. */
export const initSecondsMax = 10;
