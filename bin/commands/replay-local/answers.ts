import { readFileSync } from "node:fs";
import * as z from "zod";
import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import type { OutboundAnswer, OutboundRequest, Transport } from "../../../lib/engine/ports.ts";
import { answerOf } from "../record/cassette-transport.ts";
import { Cassette } from "../record/cassette.ts";
import type { Exchange } from "../record/cassette.ts";
import { UsageError } from "../usage-error.ts";

/** Nothing that was recorded or given answers a call: the replay can go no further. */
export class NoAnswer extends Error {}

type Answer = Exchange["answer"];

export interface Answers {
  /** Given on the command line: each call takes the next one, and the last one stays. */
  readonly given: readonly Answer[];
  readonly cassettes: readonly Cassette[];
}

/** Answers calls from what was given, else from the cassettes; says where each answer is from. */
export function answeringTransport(
  driver: PartnerDriver,
  { given, cassettes }: Answers,
  say: (line: string) => void,
): Transport {
  let calls = 0;
  return {
    send: async (request): Promise<OutboundAnswer> => {
      const found = given.length > 0 ? nextGiven(given, calls++) : recordedFor(driver, cassettes, request);
      const call = `${request.method} ${request.url}`;
      if (found === null)
        throw new NoAnswer(`Nothing recorded answers ${call}. Give an answer with --answer file.json.`);
      say(`${call} → ${found.answer.status}, ${found.from}`);
      return answerOf(found.answer);
    },
  };
}

/** An answer from a file: a cassette's exchanges, one answer with its status, or a body alone, which came with a 200. */
export function readAnswers(path: string): readonly Answer[] {
  const content = readJson(path);
  const cassette = Cassette.safeParse(content);
  if (cassette.success) return cassette.data.exchanges.map((exchange) => exchange.answer);
  const whole = WholeAnswer.safeParse(content);
  return [whole.success ? whole.data : bodyAnswer(content)];
}

export function bodyAnswer(body: unknown): Answer {
  return { status: 200, headers: { "content-type": "application/json" }, body };
}

const WholeAnswer = z.strictObject({
  status: z.int().min(100).max(599),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.unknown(),
});

interface Found {
  readonly answer: Answer;
  readonly from: string;
}

function nextGiven(given: readonly Answer[], call: number): Found | null {
  const answer = given[Math.min(call, given.length - 1)];
  return answer === undefined ? null : { answer, from: "as given" };
}

/** The very call's answer; else, of one thing, that of another thing of the resource. A page answers for itself alone. */
function recordedFor(driver: PartnerDriver, cassettes: readonly Cassette[], request: OutboundRequest): Found | null {
  const url = new URL(request.url);
  const isPathOf = (exchange: Exchange) => exchange.request.path === url.pathname;
  const exchanges = cassettes.flatMap((cassette) => cassette.exchanges);
  const same = exchanges.find((exchange) => isPathOf(exchange) && hasQueryOf(exchange, url));
  if (same !== undefined) return { answer: same.answer, from: "as recorded" };
  const base = new URL(driver.baseUrl).pathname.replace(/\/$/, "");
  for (const { resource, exchanges: own } of cassettes) {
    const one = own.find((exchange) => exchange.kind === "one");
    const [before = "", after = ""] = (driver.resources[resource]?.onePath("\n") ?? "\n").split("\n");
    const isOne = url.pathname.startsWith(base + before) && url.pathname.endsWith(after) && before !== "";
    if (one !== undefined && isOne) return { answer: one.answer, from: `as recorded of ${one.externalId}` };
  }
  return null;
}

function hasQueryOf({ request }: Exchange, url: URL): boolean {
  const recorded = Object.entries(request.query);
  return (
    recorded.length === url.searchParams.size && recorded.every(([name, value]) => url.searchParams.get(name) === value)
  );
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UsageError(`--answer ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
