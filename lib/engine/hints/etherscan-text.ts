import * as z from "zod";
import type { ParsedAnswer } from "../define-partner.ts";
import type { SourceHints } from "./hint-source.ts";

/**
 * Etherscan turns us away in a 200 and only its text says so (https://docs.etherscan.io/resources/common-error-messages, "Max rate limit
 * reached, please use API Key for higher rate limit"): the one place where a text decides. The forms that name the second or the day
 * are not in its documentation; users report them.
 */
export function etherscanTextHints(answer: ParsedAnswer, nowMs: number): SourceHints {
  const body = Refusal.safeParse(answer.body);
  if (!body.success || !/^max\b.{0,40}\brate limit reached/i.test(body.data.result)) return {};
  if (/^max daily/i.test(body.data.result)) return { reason: "account", notBeforeMs: nowMs + dailyMs };
  const perSecond = /\((\d{1,4})\/sec\)/.exec(body.data.result)?.[1];
  const limit = perSecond === undefined ? null : Number(perSecond);
  const resetAtMs = nowMs + secondMs;
  return {
    reason: "account",
    notBeforeMs: resetAtMs,
    remaining: [{ perMs: secondMs, remaining: 0, resetAtMs, limit }],
  };
}

const secondMs = 1_000;
/** When the day's count starts again is nowhere said, so it is asked again each hour. */
const dailyMs = 3_600_000;

const Refusal = z.object({ status: z.literal("0"), result: z.string().max(1_000) });
