import type { Clock } from "../clock.ts";

/** `burst` requests at once, refilled at a steady rate, as API Gateway throttles a route. */
export interface TokenBucket {
  take(): boolean;
}

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
export function createTokenBucket(
  limit: { readonly requestsPerSecond: number; readonly burst: number },
  clock: Clock,
): TokenBucket {
  let tokens = limit.burst;
  let filledAtMs = clock.nowMs();
  return {
    take() {
      const nowMs = clock.nowMs();
      tokens = Math.min(limit.burst, tokens + (Math.max(0, nowMs - filledAtMs) / 1000) * limit.requestsPerSecond);
      filledAtMs = nowMs;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
