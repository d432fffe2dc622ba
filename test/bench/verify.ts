import { createHmac } from "node:crypto";
import { parseJson } from "../../lib/engine/parse-json.ts";
import { stripeSignature } from "../../lib/engine/signatures/stripe.ts";
import { stripeEvent } from "./support/stripe-event.ts";
import type { BenchResult } from "./support/report.ts";
import { judge, row } from "./support/report.ts";
import { byRound, interleave } from "./support/rounds.ts";
import { wrongByte } from "./wrong-byte.ts";

const secret = "whsec_bench_secret";
const nowMs = Date.UTC(2026, 10, 20);
const bodyBytes = [1_500, 4_000, 64_000];
/** Different bodies one after another, as webhooks are. */
const bodiesAtOnce = 64;
const sliceMs = 15;

interface Signed {
  readonly timestamp: string;
  readonly signature: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly rawBody: Uint8Array;
}

/** One webhook's verification and parsing, ours and the least that anybody could do. */
export async function verify(options: { readonly rounds: number | null }): Promise<BenchResult> {
  const rounds = options.rounds ?? 80;
  const rows = [];
  const verdicts = [];
  for (const bytes of bodyBytes) {
    const webhooks = Array.from({ length: bodiesAtOnce }, (_, index) => signed(index, bytes));
    const measured = await interleave(
      { ours: () => microseconds(webhooks, ours), bare: () => microseconds(webhooks, bare) },
      { rounds, warmUps: 5, roundsMin: 3, timeMsMax: 30_000 },
    );
    const size = `${bytes / 1000} KB`;
    rows.push(row(`${size}: stripeSignature + parseJson`, "subject", "µs", measured.ours));
    rows.push(row(`${size}: HMAC + JSON.parse`, "baseline", "µs", measured.bare));
    const ratios = byRound(measured, (round) => round.ours / round.bare);
    verdicts.push(judge(`${size}: ours / bare`, { kind: "at-most", limit: 2 }, ratios));
  }
  const refusals = await wrongByte(rounds);
  rows.push(...refusals.rows);
  return {
    settings: { rounds, sliceMs, bodies: bodiesAtOnce, bodyBytes: bodyBytes.join(", ") },
    rows,
    verdicts,
    notes: [
      "Ours reads the header, compares in constant time, looks at the age, and parses UTF-8 strictly with bounded nesting.",
      "Both start from the raw bytes and know the secret.",
      `A refusal takes ${refusals.nanosecondsAByte.toFixed(2)} ns more for each byte that is right before the first wrong one, by the fastest rounds.`,
    ],
    details: { refusalNanosecondsAByte: refusals.nanosecondsAByte },
  };
}

function ours({ headers, rawBody }: Signed): boolean {
  const url = "https://example.com/webhooks/stripe";
  const verdict = stripeSignature({ headers, rawBody, url, method: "POST", secrets: [secret], nowMs });
  return verdict.ok && parseJson(rawBody).kind === "json";
}

function bare({ timestamp, signature, rawBody }: Signed): boolean {
  const hex = createHmac("sha256", secret).update(`${timestamp}.`).update(rawBody).digest("hex");
  return hex === signature && typeof JSON.parse(Buffer.from(rawBody).toString()) === "object";
}

/** The mean of one slice of time. */
function microseconds(webhooks: readonly Signed[], handle: (webhook: Signed) => boolean): number {
  const startedMs = performance.now();
  let count = 0;
  let elapsedMs = 0;
  do {
    for (const webhook of webhooks) if (!handle(webhook)) throw new Error("a rightly signed webhook was refused");
    count += webhooks.length;
    elapsedMs = performance.now() - startedMs;
  } while (elapsedMs < sliceMs);
  return (elapsedMs * 1000) / count;
}

function signed(index: number, bytes: number): Signed {
  const rawBody = Buffer.from(stripeEvent(index, bytes));
  const timestamp = String(nowMs / 1000 - (index % 60));
  const signature = createHmac("sha256", secret).update(`${timestamp}.`).update(rawBody).digest("hex");
  return { timestamp, signature, headers: { "stripe-signature": `t=${timestamp},v1=${signature}` }, rawBody };
}
