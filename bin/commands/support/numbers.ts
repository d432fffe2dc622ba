import type { Values } from "../command.ts";
import { UsageError } from "../usage-error.ts";

/** A whole number from 1 to `max`, or what stands in for it. */
export function countOf(values: Values, name: string, otherwise: number, max: number): number {
  return numberOf(values, name, otherwise, { min: 1, max });
}

/** A whole number within bounds, or what stands in for it. */
export function numberOf(
  values: Values,
  name: string,
  otherwise: number,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  const value = values[name];
  if (value === undefined) return otherwise;
  const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new UsageError(`--${name} ${String(value)}: give a whole number from ${min} to ${max}.`);
}
