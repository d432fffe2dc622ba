import * as z from "zod";
import type { ParsedAnswer } from "../define-partner.ts";
import { boundedAtMs, boundedWindowMs } from "./hint-bounds.ts";
import type { SourceHints } from "./hint-source.ts";

/**
 * The cost block of Shopify's GraphQL API (https://shopify.dev/docs/api/usage/rate-limits): points in a bucket that fills up
 * again, in every answer. Being turned away is a 200 with the error code `THROTTLED`.
 */
export function shopifyCostHints(answer: ParsedAnswer, nowMs: number): SourceHints {
  const body = CostBody.safeParse(answer.body);
  if (!body.success) return {};
  const { requestedQueryCost, actualQueryCost, throttleStatus } = body.data.extensions.cost;
  const { maximumAvailable, currentlyAvailable, restoreRate } = throttleStatus;
  const refilledAtMs = (points: number): number => boundedAtMs(nowMs + (points / restoreRate) * 1000, nowMs);
  const throttled = body.data.errors?.some((error) => error.extensions?.code === "THROTTLED") ?? false;
  return {
    remaining: [
      {
        perMs: boundedWindowMs((maximumAvailable / restoreRate) * 1000),
        remaining: Math.max(0, Math.floor(Math.min(currentlyAvailable, maximumAvailable))),
        resetAtMs: refilledAtMs(maximumAvailable - currentlyAvailable),
        limit: Math.floor(maximumAvailable),
      },
    ],
    ...(typeof actualQueryCost === "number" ? { usedWeight: actualQueryCost } : {}),
    ...(throttled ? { notBeforeMs: refilledAtMs((requestedQueryCost ?? maximumAvailable) - currentlyAvailable) } : {}),
  };
}

/** More than any plan has: what is above it is not a number of points. */
const Points = z.number().min(0).max(1e9);

const CostBody = z.object({
  errors: z.array(z.object({ extensions: z.object({ code: z.string().optional() }).optional() })).optional(),
  extensions: z.object({
    cost: z.object({
      requestedQueryCost: Points.nullish(),
      actualQueryCost: Points.nullish(),
      throttleStatus: z.object({
        maximumAvailable: Points.min(1),
        // Below zero after calls that cost more than was asked for.
        currentlyAvailable: z.number().min(-1e9).max(1e9),
        restoreRate: Points.min(0.001),
      }),
    }),
  }),
});
