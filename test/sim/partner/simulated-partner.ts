import type { OutboundAnswer, OutboundRequest } from "../../../lib/engine/ports.ts";
import { jsonAnswer } from "../../support/memory/transport.ts";
import type { Judge } from "../../support/judges/judge.ts";
import type { Ground } from "../kernel/ground.ts";
import type { Prng } from "../kernel/prng.ts";
import type { PartnerConditions } from "../world/conditions.ts";
import type { ArrivedAtPartner } from "../world/events.ts";
import { Account } from "./account.ts";
import type { Thing } from "./account.ts";
import { pageSize, regimeOf } from "./driver.ts";
import { judgedOwners } from "./judged-owners.ts";

/** What the partner's door says to one call, and what of it its own books hold. */
export interface Served {
  readonly answer: OutboundAnswer | "never";
  /** Of the state that was answered, for the invariants. */
  readonly page: readonly Thing[] | null;
  readonly thing: Thing | null;
}

interface ListPage {
  readonly page: readonly Thing[];
  readonly more: boolean;
}

/** Whose call it is, as nobody at the partner's door can see. */
export type Sender = Pick<ArrivedAtPartner, "isWithinBounds" | "sentAtMs" | "worker">;

/** A partner that judges every call strictly where it arrives, has outages, and serves its things as they are at that moment. */
export class SimulatedPartner {
  readonly conditions: PartnerConditions;
  readonly accounts: readonly Account[];
  readonly #ground: Ground;
  readonly #prng: Prng;
  readonly #startMs: number;
  readonly #judges = new Map<string, Judge>();
  readonly #used = new Map<string, readonly number[]>();
  #calls = 0;

  constructor(ground: Ground, prng: Prng, conditions: PartnerConditions) {
    this.#ground = ground;
    this.#prng = prng;
    this.conditions = conditions;
    this.#startMs = ground.loop.nowMs();
    this.accounts = Array.from({ length: conditions.connections }, (_, index) => {
      const account = new Account(`${conditions.name}-${index + 1}`, prng.fork(`account ${index}`), () =>
        ground.loop.nowMs(),
      );
      for (let made = 0; made < conditions.objects; made++) account.create(this.nowMs() - 86_400_000 + made, made);
      return account;
    });
  }

  /** By the partner's own clock. */
  nowMs(): number {
    const { clockOffMs, clockBack } = this.conditions;
    const nowMs = this.#ground.loop.nowMs();
    const isBack = clockBack !== null && nowMs >= this.#startMs + clockBack.afterMs;
    return nowMs + clockOffMs - (isBack ? clockBack.byMs : 0);
  }

  account(name: string): Account {
    const account = this.accounts.find((one) => one.name === name);
    if (account === undefined) throw new RangeError(`${this.conditions.name} has no account ${name}`);
    return account;
  }

  arrive(request: OutboundRequest, from: Sender): Served & { readonly leave: () => void } {
    const served = this.#answer(request, from);
    const { tellsRemaining = false } = regimeOf(this.conditions);
    const { answer } = served;
    if (!tellsRemaining || answer === "never" || answer.kind !== "answered") return served;
    const headers = { ...answer.headers, ...this.#remainingOf(accountOf(request)) };
    return { ...served, answer: { ...answer, headers } };
  }

  #answer(request: OutboundRequest, from: Sender): Served & { readonly leave: () => void } {
    const { coverage } = this.#ground;
    const account = this.account(accountOf(request));
    const url = new URL(request.url);
    const path = url.pathname.replace("/v1", "");
    const endpoint = /^\/orders\/./.test(path) ? "one" : path;
    const id = `${this.conditions.name}-${++this.#calls}`;
    const weight = endpoint === "one" ? 1 : (regimeOf(this.conditions).pageWeight ?? 1);
    const outage = this.#outage();
    const verdict =
      outage === null || outage === "errors" ? this.#judge(account.name, { bucket: endpoint, weight, id }) : null;
    const refused = verdict !== null && verdict.retryAfterMs !== null;
    const kind = refused ? "refused" : outage === null ? "accepted" : "failing";
    const call = { id, partner: this.conditions.name, account: account.name, endpoint, weight, ...from };
    this.#ground.tell({ kind: "call-arrived", call: { ...call, atMs: this.#ground.loop.nowMs(), verdict: kind } });
    const leave = (): void => this.#leave(account.name, id);
    if (verdict !== null && verdict.retryAfterMs !== null) {
      coverage.count(regimeOf(this.conditions).isHidden ? "refused by a hidden limit" : "refused with 429");
      return { answer: tooMany(verdict.retryAfterMs), page: null, thing: null, leave };
    }
    if (outage !== null) {
      coverage.count(`outage: ${outage}`);
      return { answer: failing(outage), page: null, thing: null, leave };
    }
    if (this.#ground.isFaulty() && this.#prng.chance(this.conditions.refusal)) {
      coverage.count("refused without a reason");
      return { answer: tooMany(this.#prng.between(500, 30_000)), page: null, thing: null, leave };
    }
    return { ...this.#serve(account, path, url), leave };
  }

  #outage(): "errors" | "hangs" | "unavailable" | null {
    const sinceStartMs = this.#ground.loop.nowMs() - this.#startMs;
    if (!this.#ground.isFaulty()) return null;
    return (
      this.conditions.outages.find(({ fromMs, untilMs }) => fromMs <= sinceStartMs && sinceStartMs < untilMs)?.kind ??
      null
    );
  }

  #judge(
    account: string,
    { id, ...call }: { id: string; bucket: string; weight: number },
  ): { readonly retryAfterMs: number | null } {
    const atMs = this.#ground.loop.nowMs();
    let retryAfterMs: number | null = null;
    for (const { owner, judge } of this.#judgesFor(account)) {
      const verdict = judge.arrive({ atMs, ...call, id: `${owner} ${id}` });
      if (verdict.kind === "refused") retryAfterMs = Math.max(retryAfterMs ?? 0, verdict.retryAfterMs);
    }
    if (retryAfterMs === null) this.#used.set(account, [...this.#usedBy(account), atMs]);
    return { retryAfterMs };
  }

  /** When the account's calls of this minute of the clock came. */
  #usedBy(account: string): readonly number[] {
    const beganMs = Math.floor(this.#ground.loop.nowMs() / minuteMs) * minuteMs;
    return (this.#used.get(account) ?? []).filter((atMs) => atMs >= beganMs);
  }

  #remainingOf(account: string): Readonly<Record<string, string>> {
    const limit = regimeOf(this.conditions).counted[0]?.limit;
    if (limit?.kind !== "fixedWindow") throw new RangeError("only windows of the clock are told of");
    const leftMs = minuteMs - (this.#ground.loop.nowMs() % minuteMs);
    return {
      "x-ratelimit-limit": String(limit.requests),
      "x-ratelimit-remaining": String(Math.max(0, limit.requests - this.#usedBy(account).length)),
      "x-ratelimit-reset": String(Math.ceil(leftMs / 1_000)),
    };
  }

  #leave(account: string, id: string): void {
    for (const { owner, judge } of this.#judgesFor(account)) judge.leave(`${owner} ${id}`, this.#ground.loop.nowMs());
    this.#ground.tell({ kind: "answer-left", partner: this.conditions.name, owner: account, callId: id });
  }

  #judgesFor(account: string): readonly { readonly owner: string; readonly judge: Judge }[] {
    return judgedOwners(this.conditions, account).map(({ owner, openJudge }) => {
      const judge = this.#judges.get(owner) ?? openJudge();
      this.#judges.set(owner, judge);
      return { owner, judge };
    });
  }

  #serve(account: Account, path: string, url: URL): Served {
    if (path === "/orders") return this.#list(account, url);
    if (path === "/changes") return this.#changes(account, url);
    const id = decodeURIComponent(path.replace("/orders/", ""));
    const thing = account.thing(id);
    const answer =
      thing === null || thing.isDeleted ? jsonAnswer(404, { error: "no such order" }) : jsonAnswer(200, itemOf(thing));
    return { answer, page: null, thing };
  }

  #list(account: Account, url: URL): Served {
    const query = url.searchParams;
    const since = Number(query.get("since") ?? 0);
    const shownUntilMs = this.nowMs() - this.conditions.feedLagMs;
    const shown = account
      .things()
      .filter((thing) => since === 0 || (thing.updatedAtMs >= since && thing.updatedAtMs <= shownUntilMs));
    const { order, emptyLastPage } = this.conditions.lists;
    const all = order === "id" ? shown : shown.toSorted((a, b) => a.updatedAtMs - b.updatedAtMs);
    const after = query.get("after");
    const skip = after === null ? Number(query.get("skip") ?? 0) : all.filter((thing) => thing.id <= after).length;
    const page = all.slice(skip, skip + pageSize);
    const more = emptyLastPage ? page.length === pageSize : skip + pageSize < all.length;
    const next = new URL(url);
    next.searchParams.set("skip", String(skip + pageSize));
    const answer = since === 0 ? this.#withLosses({ page, more }) : { page, more };
    const body = {
      items: answer.page.map(itemOf),
      more: answer.more,
      total: all.length,
      next: answer.more ? next.toString() : null,
    };
    if (page.length === 0 && skip > 0) this.#ground.coverage.count("empty last page");
    return { answer: jsonAnswer(200, body), page: answer.page, thing: null };
  }

  /** A page of everything, now and then without what is on it or behind it, and nothing that says so. */
  #withLosses(list: ListPage): ListPage {
    if (!this.#ground.isFaulty() || !this.#prng.chance(this.conditions.lists.lostPage)) return list;
    this.#ground.coverage.count("page lost");
    if (this.#prng.chance(0.5)) return { ...list, more: false };
    // Pages by keys go on after the last thing on them.
    return { ...list, page: this.conditions.pages === "keyset" ? list.page.slice(-1) : [] };
  }

  #changes(account: Account, url: URL): Served {
    const shownUntilMs = this.nowMs() - this.conditions.feedLagMs;
    const all = account.changedBetween(Number(url.searchParams.get("since")), shownUntilMs);
    const skip = Number(url.searchParams.get("skip") ?? 0);
    const ids = all.slice(skip, skip + pageSize);
    const page = [...new Set(ids)].map((id) => account.thing(id)).filter((thing) => thing !== null);
    return {
      answer: jsonAnswer(200, { items: ids.map((id) => ({ order: id })), total: all.length }),
      page,
      thing: null,
    };
  }
}

const minuteMs = 60_000;

function accountOf({ headers }: OutboundRequest): string {
  return (headers["authorization"] ?? "").replace("Bearer ", "");
}

function itemOf({ id, amount, updatedAtMs }: Thing): unknown {
  return { id, amount, updated: updatedAtMs };
}

function tooMany(retryAfterMs: number): OutboundAnswer {
  const seconds = String(Math.ceil(retryAfterMs / 1_000));
  return jsonAnswer(429, { error: "too many requests" }, { "retry-after": seconds });
}

function failing(outage: "errors" | "hangs" | "unavailable"): OutboundAnswer | "never" {
  if (outage === "hangs") return "never";
  if (outage === "errors") return jsonAnswer(500, { error: "internal" });
  return jsonAnswer(503, { error: "maintenance" }, { "retry-after": "30" });
}
