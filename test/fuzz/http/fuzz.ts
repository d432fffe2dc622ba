import { requestOf } from "../../../lib/engine/signatures/diagnosis/subject.ts";
import * as z from "zod";
import { verdictOn } from "../../../lib/engine/signatures/verification.ts";
import { mapBounded } from "../../../lib/engine/map-bounded.ts";
import { judges } from "../webhook/judges.ts";
import type { Post } from "../webhook/post.ts";
import { Random } from "../webhook/random.ts";
import { brokenRequests } from "./broken.ts";
import { partners } from "./partners.ts";
import { doors, postOf, wholePost } from "./posts.ts";
import type { Door } from "./posts.ts";
import { bytesOf, sendRaw } from "./raw-post.ts";
import { hashOf, openFuzzWorld } from "./world.ts";
import type { FuzzWorld } from "./world.ts";

export interface HttpFuzzReport {
  readonly count: number;
  readonly seed: number;
  readonly accepted: number;
  readonly queued: number;
  /** Answered at once and not queued: challenges and probes. */
  readonly challenged: number;
  readonly brokenRequests: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly doors: Readonly<Record<string, { readonly posts: number; readonly accepted: number }>>;
  /** How often Plaid's key server was asked. */
  readonly keyCalls: number;
  readonly violations: readonly string[];
  readonly violationsTotal: number;
}

const violationsKept = 20;
const atOnceMax = 8;
/** The gateway takes no more of them all together; a post beyond it is refused there. */
const headerBytesMax = 10_240;
/** A verdict that turns within this is one of the clock's, and neither is wrong. */
const clockMs = 15_000;
const large = [200_000, 1_200_000, 3_000_000];
/** Lambda takes 6 MB of an event, the API 10 MB of a body. */
const tooLarge = [6_500_000, 11_000_000];

/**
 * Posts to the local stack's gateway, over sockets: mutated ones of every door, requests that HTTP clients do not write, and
 * large ones. None may be answered 5xx, none taken that an independent verifier finds wrongly signed, none refused as it was
 * sent; and what waits on the lanes in the end is what was taken, byte by byte.
 */
export async function fuzzOverHttp(options: {
  readonly count: number;
  readonly seed: number;
  readonly folder: string;
  readonly nowMs: () => number;
}): Promise<HttpFuzzReport> {
  const secrets = Object.fromEntries(doors.map(({ partner, sender }) => [partner, sender.secret]));
  const plaidKey = doors.find(({ partner }) => partner === "plaid")?.sender.key ?? "";
  const world = await openFuzzWorld(options.folder, secrets, plaidKey);
  try {
    const tally = new Tally();
    const random = new Random(options.seed);
    const numbers = Array.from({ length: options.count }, (_, index) => index);
    await mapBounded(numbers, atOnceMax, async (index) => {
      const door = random.pick(doors);
      const { sent } = postOf(door, random, options.nowMs());
      await judgePost(world, tally, door, sent, `post ${index}`);
    });
    await sendEdges(world, tally, random, options.nowMs);
    await fetchToken(world, tally, random, options.nowMs);
    await countQueued(world, tally);
    return { count: options.count, seed: options.seed, ...tally.report(), keyCalls: world.keyCalls() };
  } finally {
    await world.stop();
  }
}

async function judgePost(world: FuzzWorld, tally: Tally, door: Door, post: Post, what: string): Promise<void> {
  const { headers, rawBody, history } = post;
  const words = `${what} at ${door.partner} (${history.join(", ")})`;
  const answer = await sendRaw(
    world.url,
    bytesOf({ path: door.path, headers: { "content-type": "application/json", ...headers }, body: rawBody }),
  );
  tally.answer(answer.status, words);
  const isTaken = answer.status !== null && answer.status >= 200 && answer.status <= 299;
  tally.post(door.partner, isTaken);
  if (isTaken && !(await isRightly(post))) return tally.violation(`${words}: taken with a wrong signature`);
  const verdict = steadyVerdict(door, post);
  const fits = bytesOf({ path: door.path, headers, body: new Uint8Array() }).byteLength < headerBytesMax - 500;
  // 429: a key that nobody knows may not be asked for just now.
  if (!isTaken && verdict === true && fits) tally.violation(`${words}: answered ${answer.status} although right`);
  if (isTaken && verdict === false) tally.violation(`${words}: taken although the verifier refuses it`);
  if (!isTaken) return;
  if (answer.status === 200 && door.partner === "slack") {
    if (!new TextDecoder().decode(rawBody).includes(answer.body)) tally.violation(`${words}: another word came back`);
    return tally.challenge();
  }
  if (answer.status === 200 && door.partner === "xero") return tally.challenge();
  tally.taken(door.partner, hashOf(rawBody));
}

/** What the driver's own verifier says in this process; null where it is about to say otherwise. */
function steadyVerdict({ partner }: Door, post: Post): boolean | null {
  const verification = partners.find(({ name }) => name === partner)?.webhook?.verify;
  if (verification === undefined) throw new Error(`there is no partner "${partner}"`);
  const [now, later] = [post.nowMs, post.nowMs + clockMs].map(
    (atMs) => verdictOn(verification, requestOf(post, atMs)).ok,
  );
  return now === later ? (now ?? null) : null;
}

/** By the judge's own clock or a little later. */
async function isRightly(post: Post): Promise<boolean> {
  const judge = judges[post.scheme];
  if (judge === undefined) throw new Error(`nobody judges "${post.scheme}"`);
  return (await judge(post)) || judge({ ...post, nowMs: post.nowMs + clockMs });
}

async function sendEdges(world: FuzzWorld, tally: Tally, random: Random, nowMs: () => number): Promise<void> {
  for (const { name, bytes } of brokenRequests) {
    const { status } = await sendRaw(world.url, bytes);
    tally.answer(status, name);
    if (status !== null && status < 400) tally.violation(`${name}: answered ${status}`);
    tally.broken();
  }
  for (const door of doors.filter(({ partner }) => partner === "stripe" || partner === "booking")) {
    for (const length of large)
      await judgePost(world, tally, door, wholePost(door, random.bytes(length), random, nowMs()), `${length} bytes`);
    for (const length of tooLarge) {
      const { headers, rawBody } = wholePost(door, new Uint8Array(length), random, nowMs());
      const { status } = await sendRaw(world.url, bytesOf({ path: door.path, headers, body: rawBody }));
      tally.answer(status, `${length} bytes at ${door.partner}`);
      if (status !== 413) tally.violation(`${length} bytes at ${door.partner}: answered ${status}, not 413`);
    }
  }
}

const Token = z.object({ access_token: z.string() });

/** As the partner of inverted OAuth does: a token for its secret, none for another, and a webhook with it. */
async function fetchToken(world: FuzzWorld, tally: Tally, random: Random, nowMs: () => number): Promise<void> {
  const door = doors.find(({ partner }) => partner === "booking");
  if (door === undefined) throw new Error("nobody fetches a token");
  const ask = (pair: string) => {
    const authorization = `Basic ${Buffer.from(pair).toString("base64")}`;
    const body = Buffer.from("grant_type=client_credentials");
    return sendRaw(world.url, bytesOf({ path: "/webhooks/booking/token", headers: { authorization }, body }));
  };
  const [given, refused] = [await ask(door.sender.secret), await ask(door.sender.other)];
  for (const { status } of [given, refused]) tally.answer(status, "a token asked for");
  if (refused.status !== 401) tally.violation(`a token for another secret: answered ${refused.status}`);
  if (given.status !== 200) return tally.violation(`a token for the secret: answered ${given.status}`);
  const authorization = `Bearer ${Token.parse(JSON.parse(given.body)).access_token}`;
  const post = { ...wholePost(door, random.bytes(9), random, nowMs()), headers: { authorization } };
  await judgePost(world, tally, door, post, "a token of ours");
}

async function countQueued(world: FuzzWorld, tally: Tally): Promise<void> {
  for (const { partner } of doors) {
    const waiting = (await world.drain(partner)).toSorted();
    const taken = tally.takenAt(partner).toSorted();
    tally.queued += waiting.length;
    if (JSON.stringify(waiting) !== JSON.stringify(taken))
      tally.violation(`${partner}: took ${taken.length}, and ${waiting.length} wait on its lane, or others`);
  }
}

class Tally {
  queued = 0;
  #challenged = 0;
  #broken = 0;
  #violationsTotal = 0;
  readonly #taken = new Map<string, string[]>();
  readonly #statuses: Record<string, number> = {};
  readonly #doors: Record<string, { posts: number; accepted: number }> = {};
  readonly #violations: string[] = [];

  answer(status: number | null, what: string): void {
    const key = status === null ? "closed" : String(status);
    this.#statuses[key] = (this.#statuses[key] ?? 0) + 1;
    if (status !== null && status >= 500) this.violation(`${what}: answered ${status}`);
  }

  post(partner: string, isTaken: boolean): void {
    const of = (this.#doors[partner] ??= { posts: 0, accepted: 0 });
    of.posts += 1;
    if (isTaken) of.accepted += 1;
  }

  taken(partner: string, hash: string): void {
    this.#taken.set(partner, [...this.takenAt(partner), hash]);
  }

  takenAt(partner: string): readonly string[] {
    return this.#taken.get(partner) ?? [];
  }

  challenge(): void {
    this.#challenged += 1;
  }

  broken(): void {
    this.#broken += 1;
  }

  violation(what: string): void {
    this.#violationsTotal += 1;
    if (this.#violations.length < violationsKept) this.#violations.push(what);
  }

  report(): Omit<HttpFuzzReport, "count" | "seed" | "keyCalls"> {
    return {
      accepted: [...this.#taken.values()].reduce((sum, hashes) => sum + hashes.length, 0),
      queued: this.queued,
      challenged: this.#challenged,
      brokenRequests: this.#broken,
      statuses: this.#statuses,
      doors: this.#doors,
      violations: this.#violations,
      violationsTotal: this.#violationsTotal,
    };
  }
}
