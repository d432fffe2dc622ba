import { flag, type Values } from "../command.ts";

/** A table for people or the same as JSON, as the call asks; what is shown is then in one place. */
export function print(values: Values, json: unknown, text: () => string): void {
  process.stdout.write(flag(values, "json") ? `${JSON.stringify(json, null, 2)}\n` : ended(text()));
}

function ended(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
