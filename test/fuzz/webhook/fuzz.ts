import { verifierOf, schemes } from "../../../lib/engine/signatures/diagnosis/schemes.ts";
import { requestOf } from "../../../lib/engine/signatures/diagnosis/subject.ts";
import type { KeyedVerdict, KeyedVerifier } from "../../../lib/engine/signatures/verifier.ts";
import { Door } from "./door.ts";
import { judges } from "./judges.ts";
import { mutate } from "./mutate.ts";
import type { Post } from "./post.ts";
import { Random } from "./random.ts";
import { freshPost, publishedPosts } from "./seeds.ts";
import { isText, vendors } from "./vendors.ts";

export interface FuzzReport {
  readonly count: number;
  readonly seed: number;
  readonly accepted: number;
  readonly queued: number;
  /** Of each scheme, how many came and how many were taken. */
  readonly schemes: Readonly<Record<string, { readonly posts: number; readonly accepted: number }>>;
  readonly reasons: Readonly<Record<string, number>>;
  /** What a vendor's package was asked about, and agreed to. */
  readonly confirmedByVendors: number;
  readonly violations: readonly Violation[];
  readonly violationsTotal: number;
}

export interface Violation {
  readonly what: string;
  /** The index of the post: the same seed with a count one higher ends with it. */
  readonly index: number;
  readonly scheme: string;
  readonly history: readonly string[];
}

/** We may be stricter than the judge in what form we take, and in nothing else. */
const formReasons: readonly string[] = ["malformed-header", "no-secret"];
const violationsKept = 20;

export type VerifierFor = (post: Post) => KeyedVerifier;

/**
 * Posts to our door, mutated from published ones and from ones that are signed anew. Each is judged by an independent verifier:
 * none may be taken that is wrongly signed, none refused that is right, nothing may throw, and what is taken is queued once,
 * as it came.
 */
export async function fuzzWebhook(
  options: { readonly count: number; readonly seed: number },
  verifierFor: VerifierFor = driverVerifier,
): Promise<FuzzReport> {
  const { count, seed } = options;
  const random = new Random(seed);
  const published = publishedPosts();
  const door = new Door();
  const tally = new Tally();
  // What others lend to a post need not be new each time: signing costs more than verifying.
  const lenders = [...published, ...Array.from({ length: 100 }, () => freshPost(random))];
  for (let index = 0; index < count; index++) {
    const whole = random.below(2) === 0 ? random.pick(published) : freshPost(random);
    const post = mutate(whole, random.pick(lenders), random);
    for (const what of await problemsOf(post, door, verifierFor(post), tally)) tally.violation(what, index, post);
  }
  return { count, seed, ...tally.report() };
}

function driverVerifier(post: Post): KeyedVerifier {
  const entry = schemes.get(post.scheme);
  if (entry === undefined) throw new Error(`there is no scheme "${post.scheme}"`);
  return verifierOf(entry, post);
}

async function problemsOf(post: Post, door: Door, verifier: KeyedVerifier, tally: Tally): Promise<readonly string[]> {
  let verdict: KeyedVerdict;
  try {
    verdict = verifier(requestOf(post, post.nowMs));
  } catch (error) {
    return [`the verifier threw: ${String(error)}`];
  }
  const judge = judges[post.scheme];
  if (judge === undefined) return ["nobody judges this scheme"];
  const isRight = await judge(post);
  const problems: string[] = [];
  if (verdict.ok && !isRight) problems.push("taken with a wrong signature");
  if (!verdict.ok && isRight && !formReasons.includes(verdict.reason))
    problems.push(`refused although right: ${verdict.reason}`);
  const vendor = vendors[post.scheme];
  if (verdict.ok && vendor !== undefined && isText(post.rawBody)) {
    if (await vendor(post)) tally.confirmedByVendors += 1;
    else problems.push("taken although the vendor's own package refuses it");
  }
  const { status, queued } = await door.post(post, verifier);
  if (status !== (verdict.ok ? 202 : 401)) problems.push(`answered ${status}`);
  if (queued.length !== (verdict.ok ? 1 : 0)) problems.push(`queued ${queued.length} times`);
  if (queued.some((body) => Buffer.compare(body, post.rawBody) !== 0)) problems.push("queued with another body");
  tally.post(post.scheme, verdict, queued.length);
  return problems;
}

class Tally {
  confirmedByVendors = 0;
  #accepted = 0;
  #queued = 0;
  #violationsTotal = 0;
  readonly #schemes: Record<string, { posts: number; accepted: number }> = {};
  readonly #reasons: Record<string, number> = {};
  readonly #violations: Violation[] = [];

  post(scheme: string, verdict: KeyedVerdict, queued: number): void {
    const of = (this.#schemes[scheme] ??= { posts: 0, accepted: 0 });
    of.posts += 1;
    this.#queued += queued;
    if (verdict.ok) {
      of.accepted += 1;
      this.#accepted += 1;
    } else this.#reasons[verdict.reason] = (this.#reasons[verdict.reason] ?? 0) + 1;
  }

  violation(what: string, index: number, { scheme, history }: Post): void {
    this.#violationsTotal += 1;
    if (this.#violations.length < violationsKept) this.#violations.push({ what, index, scheme, history });
  }

  report(): Omit<FuzzReport, "count" | "seed"> {
    return {
      accepted: this.#accepted,
      queued: this.#queued,
      confirmedByVendors: this.confirmedByVendors,
      schemes: this.#schemes,
      reasons: this.#reasons,
      violations: this.#violations,
      violationsTotal: this.#violationsTotal,
    };
  }
}
