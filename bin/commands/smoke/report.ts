/** One thing that the partner's ledger and the public API both know of. */
export interface Check {
  readonly what: string;
  /** By the sandbox's ledger. */
  readonly expected: number | string;
  /** By the public API. */
  readonly got: number | string;
  readonly agrees: boolean;
  /** A few examples of what does not agree. */
  readonly examples: readonly string[];
}

export interface PartnerReport {
  readonly partner: string;
  /** Fewer are sent than asked for where the partner's own limits would make them take minutes. */
  readonly webhooks: { readonly asked: number; readonly sent: number };
  readonly checks: readonly Check[];
}

export interface SmokeReport {
  readonly agrees: boolean;
  readonly seconds: number;
  readonly partners: readonly PartnerReport[];
  /** What holds of the whole stack and not of one partner. */
  readonly stack: readonly Check[];
}

const examplesMax = 5;

export function check(
  what: string,
  expected: number | string,
  got: number | string,
  examples: readonly string[] = [],
): Check {
  return {
    what,
    expected,
    got,
    agrees: expected === got && examples.length === 0,
    examples: examples.slice(0, examplesMax),
  };
}

/** The report as a table for people. */
export function reportText(report: SmokeReport): string {
  const parts = [...report.partners, { partner: "(all)", checks: report.stack }];
  const rows = parts.flatMap(({ partner, checks }) =>
    checks.map((one) => [partner, one.what, String(one.expected), String(one.got), one.agrees ? "ok" : "DIFFERS"]),
  );
  const head = ["partner", "what", "expected (ledger)", "got (API)", ""];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  const examples = parts.flatMap(({ partner, checks }) =>
    checks.flatMap((one) => one.examples.map((example) => `  ${partner}, ${one.what}: ${example}`)),
  );
  const fewer = report.partners
    .filter(({ webhooks }) => webhooks.sent < webhooks.asked)
    .map(({ partner, webhooks }) => `${partner}: ${webhooks.sent} webhooks of ${webhooks.asked}, for its own limits.`);
  const verdict = report.agrees ? "Everything agrees" : "Ledger and API do not agree";
  return `${[line(head), ...rows.map(line), ...examples, ...fewer].join("\n")}\n${verdict}, after ${report.seconds} s.\n`;
}
