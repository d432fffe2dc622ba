import * as z from "zod";
import type { Money } from "./common.ts";
import { minorDigitsOf } from "./money.ts";

/** A number as decimal text, as no float holds every one, without zeros that say nothing: `12`, `0.5`, `-3.25`. */
export const Decimal = z.string().regex(/^(?!-0$)-?(0|[1-9]\d*)(\.\d*[1-9])?$/);

/** A double holds so many digits of any decimal; what comes after them is noise of its arithmetic. */
const doubleDigits = 15;

/**
 * A partner's number, sent as text or as a JSON number, in the one form that equal numbers share; null when it is no plain
 * decimal (an exponent, a separator, no digits).
 *
 * @example
 * decimalFrom("120.0000"); // "120"
 * decimalFrom(0.1 + 0.2); // "0.3"
 */
export function decimalFrom(value: string | number): string | null {
  const text = typeof value === "number" ? String(Number(value.toPrecision(doubleDigits))) : value;
  const parts = /^(?<sign>-?)0*(?<whole>\d+)(?:\.(?<decimals>\d*?)0*)?$/.exec(text)?.groups;
  if (parts === undefined) return null;
  const { sign = "", whole = "0", decimals = "" } = parts;
  const figures = decimals === "" ? whole : `${whole}.${decimals}`;
  return figures === "0" ? figures : `${sign}${figures}`;
}

/**
 * Money from decimal text or a JSON number in the currency's own unit, with the currency's digits at least; null when it
 * is no plain decimal or the currency is no code of ISO 4217's form.
 *
 * @example
 * moneyFromDecimal("420.1000", "USD"); // { amount: "420.10", currency: "USD" }
 * moneyFromDecimal(594, "usd"); // { amount: "594.00", currency: "USD" }
 */
export function moneyFromDecimal(value: string | number, currency: string): Money | null {
  const decimal = decimalFrom(value);
  const code = currency.toUpperCase();
  if (decimal === null || !/^[A-Z]{3}$/.test(code)) return null;
  const [whole = "0", decimals = ""] = decimal.split(".");
  const kept = decimals.padEnd(minorDigitsOf(code), "0");
  return { amount: kept === "" ? whole : `${whole}.${kept}`, currency: code };
}
