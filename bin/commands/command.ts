import type { ParseArgsOptionsConfig } from "node:util";

export type Values = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;

/** One command of the command line. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** With examples that run as they stand. */
  readonly help: string;
  readonly options: ParseArgsOptionsConfig;
  /** The exit code. */
  run(values: Values, positionals: readonly string[]): Promise<number>;
}

/** A text option, or what stands in for it. */
export function textOption(values: Values, name: string, otherwise: string): string {
  const value = values[name];
  return typeof value === "string" ? value : otherwise;
}

export function flag(values: Values, name: string): boolean {
  return values[name] === true;
}
