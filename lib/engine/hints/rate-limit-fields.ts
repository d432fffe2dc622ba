import type { ParsedAnswer } from "../define-partner.ts";
import type { RemainingHint } from "../ports.ts";
import { boundedAtMs, boundedWindowMs, headerLengthMax } from "./hint-bounds.ts";
import type { SourceHints } from "./hint-source.ts";
import { parseDictionary, parseList } from "./structured-field.ts";
import type { BareItem, Item, Member } from "./structured-field.ts";
import { windowsUnder } from "./x-rate-limit.ts";

/**
 * `RateLimit` and `RateLimit-Policy` (https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/) in each of the forms
 * that drafts gave them and servers still send: `"name";r=5;t=30` (from 08 on), `limit=10, remaining=5, reset=30` (07), and three fields
 * `RateLimit-Limit`, `-Remaining`, `-Reset` (up to 06).
 */
export function rateLimitFieldHints(answer: ParsedAnswer, nowMs: number): SourceHints {
  const policies = policiesIn(answer.headers["ratelimit-policy"]);
  const field = answer.headers["ratelimit"];
  const remaining =
    field === undefined || field.length > headerLengthMax
      ? []
      : (oneWindow(field, policies, nowMs) ?? listed(field, policies, nowMs));
  return { remaining: [...remaining, ...windowsUnder("ratelimit", answer, nowMs)] };
}

interface Policy {
  readonly name: string | null;
  readonly quota: number;
  readonly perMs: number | null;
  /** Of bytes, or of calls under way: not what a window of calls has left. */
  readonly foreign: boolean;
}

function policiesIn(field: string | undefined): readonly Policy[] {
  if (field === undefined || field.length > headerLengthMax) return [];
  return (parseList(field) ?? []).flatMap((member) => {
    if (member.kind !== "item") return [];
    // Up to draft 07 the quota is the item: `100;w=60`.
    const quota = wholeOf(member.value) ?? wholeOf(member.parameters.get("q"));
    if (quota === null) return [];
    const seconds = wholeOf(member.parameters.get("w"));
    const unit = nameOf(member.parameters.get("qu"));
    return [
      {
        name: nameOf(member.value),
        quota,
        perMs: seconds === null ? null : boundedWindowMs(seconds * 1000),
        foreign: unit !== null && unit !== "requests",
      },
    ];
  });
}

/** Draft 07; null when the field is not of that form. */
function oneWindow(field: string, policies: readonly Policy[], nowMs: number): readonly RemainingHint[] | null {
  const members = parseDictionary(field);
  const remaining = wholeOf(valueOf(members?.get("remaining")));
  if (members === null || remaining === null) return null;
  const limit = wholeOf(valueOf(members.get("limit")));
  const perMs = policies.find((policy) => policy.quota === limit)?.perMs ?? null;
  return [{ perMs, remaining, resetAtMs: resetAfter(valueOf(members.get("reset")), nowMs), limit }];
}

function listed(field: string, policies: readonly Policy[], nowMs: number): readonly RemainingHint[] {
  return (parseList(field) ?? []).flatMap((member) =>
    member.kind === "item" ? listedOne(member, policies, nowMs) : [],
  );
}

function listedOne(item: Item, policies: readonly Policy[], nowMs: number): readonly RemainingHint[] {
  const name = nameOf(item.value);
  const remaining = wholeOf(item.parameters.get("r"));
  const policy = policies.find((candidate) => candidate.name === name);
  if (name === null || remaining === null || policy?.foreign === true) return [];
  const resetAtMs = resetAfter(item.parameters.get("t"), nowMs);
  return [{ perMs: policy?.perMs ?? null, remaining, resetAtMs, limit: policy?.quota ?? null }];
}

function resetAfter(seconds: BareItem | undefined, nowMs: number): number | null {
  const whole = wholeOf(seconds);
  return whole === null ? null : boundedAtMs(nowMs + whole * 1000, nowMs);
}

function valueOf(member: Member | undefined): BareItem | undefined {
  return member?.kind === "item" ? member.value : undefined;
}

function wholeOf(value: BareItem | undefined): number | null {
  return value?.kind === "integer" && value.value >= 0 ? value.value : null;
}

/** A string, or a token as draft 07's successors had it for a while. */
function nameOf(value: BareItem | undefined): string | null {
  return value?.kind === "string" || value?.kind === "token" ? value.value : null;
}
