import { expect } from "vitest";

/** Inside an expected value: any text that matches. */
export function anything(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}
