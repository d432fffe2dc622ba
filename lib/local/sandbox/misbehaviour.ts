import * as z from "zod";
import type { Random } from "./random.ts";

/** Failures whose body is the vendor's: only the partner's sandbox can word them. */
export const FailureKind = z.enum(["status-500", "429-with-hint", "429-no-hint", "200-with-error"]);
export type FailureKind = z.infer<typeof FailureKind>;

/** The body of `POST /__sandbox/misbehave`. Without `count` and `forMs` it lasts until it is cleared. */
export const MisbehaviourRequest = z.strictObject({
  kind: z.enum([...FailureKind.options, "timeout", "malformed-json", "slow"]),
  /** The beginning of the paths that it befalls. */
  match: z.string().startsWith("/").default("/"),
  method: z.string().toUpperCase().optional(),
  count: z.int().min(1).max(1_000_000).optional(),
  forMs: z.number().positive().optional(),
  share: z.number().min(0).max(1).default(1),
  /** For `slow`: how late the answer is. */
  delayMs: z.number().min(0).max(600_000).default(2_000),
  /** For `429-with-hint`. */
  retryAfterSeconds: z.number().min(0).max(86_400).default(1),
  /** Whether a write takes effect although its answer fails: the caller cannot tell the two apart. */
  effect: z.enum(["none", "applied"]).default("none"),
});
export type MisbehaviourRequest = z.infer<typeof MisbehaviourRequest>;

interface Rule {
  readonly asked: MisbehaviourRequest;
  readonly untilMs: number;
  left: number;
}

const RULES_MAX = 100;

/** What the sandbox was asked to do wrong. Kept in memory only: a restarted sandbox behaves. */
export class Misbehaviour {
  #rules: Rule[] = [];
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Answers false when there are too many rules already. */
  add(asked: MisbehaviourRequest, nowMs: number): boolean {
    this.#rules = this.#active(nowMs);
    if (this.#rules.length >= RULES_MAX) return false;
    this.#rules.push({
      asked,
      untilMs: asked.forMs === undefined ? Infinity : nowMs + asked.forMs,
      left: asked.count ?? Infinity,
    });
    return true;
  }

  clear(): void {
    this.#rules = [];
  }

  list(nowMs: number): readonly (MisbehaviourRequest & { left: number | null })[] {
    return this.#active(nowMs).map((rule) => ({ ...rule.asked, left: Number.isFinite(rule.left) ? rule.left : null }));
  }

  /** What befalls this request: the first rule that matches it and whose share falls on it. */
  befall(method: string, path: string, nowMs: number): MisbehaviourRequest | null {
    for (const rule of this.#active(nowMs)) {
      if (!path.startsWith(rule.asked.match)) continue;
      if (rule.asked.method !== undefined && rule.asked.method !== method) continue;
      if (this.#random() >= rule.asked.share) continue;
      rule.left -= 1;
      return rule.asked;
    }
    return null;
  }

  #active(nowMs: number): Rule[] {
    return this.#rules.filter((rule) => rule.left > 0 && nowMs < rule.untilMs);
  }
}
