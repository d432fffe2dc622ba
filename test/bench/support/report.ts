import { isWithin, summarise } from "./statistics.ts";
import type { Bound, Summary } from "./statistics.ts";

/** What a benchmark hands over; `run.ts` adds the machine. */
export interface BenchResult {
  readonly settings: Readonly<Record<string, string | number>>;
  readonly rows: readonly Row[];
  readonly verdicts: readonly Verdict[];
  /** For people, where a row a figure would not do. */
  readonly tables?: readonly Table[];
  /** What a reader has to know to read the figures. */
  readonly notes: readonly string[];
  /** Anything more that is worth keeping, by name. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface Row extends Summary {
  readonly what: string;
  readonly role: "subject" | "baseline" | "extra";
  readonly unit: string;
}

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Verdict {
  readonly claim: string;
  readonly budget: string;
  readonly measured: Summary;
  readonly met: boolean;
}

export function row(what: string, role: Row["role"], unit: string, values: readonly number[]): Row {
  return { what, role, unit, ...summarise(values) };
}

/** A ratio of times is `x`; everything else is counted. */
type Unit = "x" | "calls" | "of the bound" | "units a call" | "arrivals";

/** Holds the median of what was measured against a budget; of what is counted, the worst. */
export function judge(claim: string, bound: Bound, values: readonly number[], unit: Unit = "x"): Verdict {
  const measured = summarise(values);
  const worst = bound.kind === "at-most" ? measured.max : measured.min;
  const budget = `${bound.kind === "at-most" ? "≤" : "≥"} ${bound.limit} ${unit}`;
  return { claim, budget, measured, met: isWithin(bound, unit === "x" ? measured.median : worst) };
}

/** A few lines for people; the whole is in the JSON. */
export function tableOf(name: string, result: BenchResult): string {
  const rows = result.rows.map((row) => [
    row.what,
    row.role,
    figure(row.median),
    `${figure(row.low)} – ${figure(row.high)}`,
    row.unit,
    `${row.count} rounds`,
  ]);
  const tables = (result.tables ?? []).flatMap(({ title, columns: names, rows }) => [
    `  ${title}`,
    ...columns([names, ...rows]).map((line) => `    ${line}`),
  ]);
  const verdicts = result.verdicts.map(
    ({ claim, budget, measured, met }) =>
      `  ${met ? "met   " : "MISSED"} ${claim}: ${figure(measured.median)} (${figure(measured.low)} – ${figure(measured.high)}), budget ${budget}`,
  );
  return [
    name,
    ...columns([["", "", "median", "middle half", "", ""], ...rows]).map((line) => `  ${line}`),
    ...tables,
    ...verdicts,
    ...result.notes.map((note) => `  · ${note}`),
    "",
  ].join("\n");
}

function figure(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
