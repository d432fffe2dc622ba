import type { Assumptions } from "./flow-calls.ts";
import { priceFlows } from "./model-month.ts";
import { monthSeconds } from "./standing-calls.ts";

export interface BudgetVerdict {
  readonly what: string;
  readonly dollarsMax: number;
  /** The model's best and worst: full batches and few pollers, single messages and many pollers. */
  readonly dollarsLeast: number;
  readonly dollarsMost: number;
  readonly holds: "always" | "at-best" | "never";
}

const million = 1e6;

/** The design's budgets beside what the model says. */
export function judgeBudgets({ recordKb }: Pick<Assumptions, "recordKb">): readonly BudgetVerdict[] {
  const best: Assumptions = { batch: 10, pollers: 2, recordKb };
  const worst: Assumptions = { batch: 1, pollers: 5, recordKb };
  const judge = (what: string, dollarsMax: number, times: Parameters<typeof priceFlows>[0]): BudgetVerdict => {
    const [dollarsLeast, dollarsMost] = [priceFlows(times, best).dollars, priceFlows(times, worst).dollars];
    const holds = dollarsMost <= dollarsMax ? "always" : dollarsLeast <= dollarsMax ? "at-best" : "never";
    return { what, dollarsMax, dollarsLeast, dollarsMost, holds };
  };
  return [
    judge("a million webhooks, nothing changes", 2.6, { webhook: million, work: million }),
    judge("a million webhooks, each changes a record (history and event)", 6, {
      webhook: million,
      work: million,
      change: million,
    }),
    judge("idle month, first partner", 3, idle(1)),
    // Connections that are paused cost storage alone, which the model leaves out.
    judge("idle month, 40 partners (100,000 connections, none due)", 80, idle(40)),
  ];
}

function idle(partners: number): Parameters<typeof priceFlows>[0] {
  const minutes = (partners * monthSeconds) / 60;
  return { stage: 1, partner: partners, polling: partners, look: minutes, control: minutes };
}
