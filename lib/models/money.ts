import type { Money } from "./common.ts";

/*
 * Digits after the point where they are not two: ISO 4217, list one, published by
 * https://www.six-group.com/en/products-services/financial-information/data-standards.html
 */
const zeroDigits = new Set("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(" "));
const threeDigits = new Set("BHD IQD JOD KWD LYD OMR TND".split(" "));
const fourDigits = new Set("CLF UYW".split(" "));

/** How many digits a currency has after the point; two where ISO 4217 says nothing else. Any case. */
export function minorDigitsOf(currency: string): number {
  const code = currency.toUpperCase();
  if (zeroDigits.has(code)) return 0;
  if (threeDigits.has(code)) return 3;
  return fourDigits.has(code) ? 4 : 2;
}

/**
 * Money from a whole number of the smallest unit. Partners differ from ISO 4217 in some currencies: their drivers say so.
 *
 * @throws RangeError when the amount is no whole number that a double holds exactly.
 * @example
 * moneyFromMinor(1099, "usd"); // { amount: "10.99", currency: "USD" }
 * moneyFromMinor(500, "JPY"); // { amount: "500", currency: "JPY" }
 */
export function moneyFromMinor(amount: number, currency: string, digits: number = minorDigitsOf(currency)): Money {
  if (!Number.isSafeInteger(amount))
    throw new RangeError("an amount in minor units has to be a whole number below 2^53");
  const figures = String(Math.abs(amount)).padStart(digits + 1, "0");
  const whole = figures.slice(0, figures.length - digits);
  const text = digits === 0 ? whole : `${whole}.${figures.slice(-digits)}`;
  return { amount: amount < 0 ? `-${text}` : text, currency: currency.toUpperCase() };
}
