import { createHmac } from "node:crypto";
import { stripeSignature } from "../../lib/engine/signatures/stripe.ts";
import { row } from "./support/report.ts";
import type { Row } from "./support/report.ts";
import { interleave } from "./support/rounds.ts";

const secret = "whsec_bench_secret";
const nowMs = Date.UTC(2026, 10, 20);
const rawBody = Buffer.from('{"id":"evt_1"}');
const positions = [0, 8, 16, 24, 32, 40, 48, 56, 63] as const;
const sliceMs = 10;

export interface WrongByteReport {
  readonly rows: readonly Row[];
  /** What one byte later costs: the slope of a straight line through the fastest rounds, which others disturbed least. */
  readonly nanosecondsAByte: number;
}

/** How long a refusal takes by where the signature is first wrong: a comparison that stops there would tell it byte by byte. */
export async function wrongByte(rounds: number): Promise<WrongByteReport> {
  const contestants = Object.fromEntries(positions.map((at) => [String(at), () => nanoseconds(headersWrongAt(at))]));
  const measured = await interleave(contestants, { rounds, warmUps: 5, roundsMin: 3, timeMsMax: 20_000 });
  const fastest = positions.map((at) => [at, Math.min(...(measured[String(at)] ?? []))] as const);
  return {
    rows: positions.map((at) => row(`refused, first wrong byte at ${at}`, "extra", "ns", measured[String(at)] ?? [])),
    nanosecondsAByte: slope(fastest),
  };
}

/** A signature that is right up to a position, and wrong from there on. */
function headersWrongAt(at: number): Readonly<Record<string, string>> {
  const timestamp = String(nowMs / 1000);
  const right = createHmac("sha256", secret).update(`${timestamp}.`).update(rawBody).digest("hex");
  const wrong = right.slice(at).replace(/./g, (digit) => (digit === "0" ? "1" : "0"));
  return { "stripe-signature": `t=${timestamp},v1=${right.slice(0, at)}${wrong}` };
}

function nanoseconds(headers: Readonly<Record<string, string>>): number {
  const request = { headers, rawBody, url: "https://example.com", method: "POST", secrets: [secret], nowMs };
  const startedMs = performance.now();
  let count = 0;
  let elapsedMs = 0;
  do {
    for (let index = 0; index < 100; index++)
      if (stripeSignature(request).ok) throw new Error("a wrongly signed webhook was taken");
    count += 100;
    elapsedMs = performance.now() - startedMs;
  } while (elapsedMs < sliceMs);
  return (elapsedMs * 1e6) / count;
}

/** Least squares. */
function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const rise = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return rise / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}
