import type { PartnerDriver } from "../define-partner.ts";
import { flowCalls } from "./flow-calls.ts";
import type { Assumptions, FlowName } from "./flow-calls.ts";
import { pageSize } from "./import-calls.ts";
import { priceList } from "./price-list.ts";
import type { Amounts, Price, Priced } from "./price-list.ts";
import { monthSeconds } from "./standing-calls.ts";

/** What happens in the month. */
export interface Load {
  readonly partners: readonly Pick<PartnerDriver, "name" | "resources" | "webhook">[];
  /** Of each partner; all of them on its schedule. */
  readonly connectionsEach: number;
  readonly webhooksADay: number;
  /** Of what is fetched for webhooks, in [0, 1]. */
  readonly changedShare: number;
  /** Changes that imports find, as no webhook told of them. */
  readonly foundADay: number;
  /** Things a resource of a connection has, for full passes. */
  readonly thingsEach: number;
}

export interface Line {
  readonly title: string;
  readonly amount: number;
  readonly dollars: number;
}

export interface Month {
  /** By what AWS charges for. */
  readonly lines: readonly Line[];
  /** By what we do; free amounts are not taken off here. */
  readonly flows: readonly {
    readonly flow: FlowName;
    readonly each: string;
    readonly times: number;
    readonly dollars: number;
  }[];
  readonly dollars: number;
}

/** The modelled month. Left out: storage, backups, data transfer, S3, the API's own reading, retries and failures. */
export function modelMonth(load: Load, assumptions: Assumptions): Month {
  return priceFlows(timesOf(load), assumptions);
}

/** What so many of each flow cost in a month. */
export function priceFlows(times: Readonly<Partial<Record<FlowName, number>>>, assumptions: Assumptions): Month {
  const table = flowCalls(assumptions);
  // Object.keys forgets which names the table has.
  const names = (Object.keys(table) as FlowName[]).filter((flow) => (times[flow] ?? 0) > 0);
  const total = sum(names.map((flow) => scaled(table[flow].calls, times[flow] ?? 0)));
  const lines = pricedNames.flatMap((name) => lineOf(name, total[name] ?? 0));
  const flows = names.map((flow) => {
    // As above.
    const amounts = Object.entries(scaled(table[flow].calls, times[flow] ?? 0)) as [Priced, number][];
    const dollars = amounts.reduce(
      (all, [name, amount]) => all + dollarsOf({ ...priceList[name], free: 0 }, amount),
      0,
    );
    return { flow, each: table[flow].each, times: times[flow] ?? 0, dollars };
  });
  return { lines, flows, dollars: lines.reduce((all, line) => all + line.dollars, 0) };
}

/** How often each flow happens in the month. */
export function timesOf(load: Load): Readonly<Record<FlowName, number>> {
  const partners = load.partners.length;
  const minutes = monthSeconds / 60;
  const connections = partners * load.connectionsEach;
  const webhooks = (load.webhooksADay * monthSeconds) / 86_400;
  const replayable = load.partners.filter(({ webhook }) => webhook?.isReplayable === true).length;
  const found = (load.foundADay * monthSeconds) / 86_400;
  // Children that have no list of their own are fetched with their parents, and never by themselves.
  const resources = load.partners.flatMap((driver) =>
    Object.values(driver.resources).filter(({ isChildOnly }) => isChildOnly !== true),
  );
  const perMonth = (everyMs: number): number => (monthSeconds * 1_000) / everyMs;
  const passes = resources.reduce((all, each) => all + perMonth(each.fullEveryMs), 0) * load.connectionsEach;
  // A full pass takes the place of an import of changes.
  const runs = resources.reduce((all, each) => all + perMonth(each.everyMs), 0) * load.connectionsEach;
  return {
    stage: 1,
    partner: partners,
    polling: partners,
    look: partners * minutes,
    control: partners * minutes,
    busyPartner: connections > 0 || webhooks > 0 ? partners : 0,
    webhook: webhooks,
    work: webhooks,
    remembered: (webhooks * replayable) / Math.max(1, partners),
    partnerMinute: Math.min(webhooks, partners * minutes),
    connectionMinute: Math.min(webhooks, connections * minutes),
    change: webhooks * load.changedShare,
    run: runs,
    pass: passes,
    // The first page's call is the run's own.
    passPage: passes * Math.max(1, Math.ceil(load.thingsEach / pageSize)),
    changedRun: Math.min(runs, found),
    found,
  };
}

// Object.keys forgets which names the list has.
const pricedNames = Object.keys(priceList) as Priced[];

function lineOf(name: Priced, amount: number): Line[] {
  return amount === 0 ? [] : [{ title: priceList[name].title, amount, dollars: dollarsOf(priceList[name], amount) }];
}

function dollarsOf({ dollars, per, free = 0 }: Price, amount: number): number {
  return (Math.max(0, amount - free) * dollars) / per;
}

function scaled(calls: Amounts, times: number): Partial<Record<Priced, number>> {
  return Object.fromEntries(Object.entries(calls).map(([name, amount]) => [name, amount * times]));
}

function sum(all: readonly Partial<Record<Priced, number>>[]): Partial<Record<Priced, number>> {
  const total: Partial<Record<Priced, number>> = {};
  for (const amounts of all)
    for (const name of pricedNames) if (amounts[name] !== undefined) total[name] = (total[name] ?? 0) + amounts[name];
  return total;
}
