import { describe, expect, it } from "vitest";
import { plantTree } from "./planted-tree.ts";
import { checkSecrets } from "./secrets.ts";

function verdictOn(path: string, text: string): string[] {
  return checkSecrets(plantTree({ [path]: text })).map((found) => `${found.file}:${found.line} ${found.message}`);
}

const fixture = "test/partners/acme/fixtures/order.json";
// Put together here, so that this file holds none of the strings that it plants.
const glue = (...parts: string[]) => parts.join("");

describe("secrets", () => {
  it.each([
    ["a live Stripe key", glue("sk", "_live_", "4eC39HqLyjWDarjtT1zdp7dc")],
    ["a live Stripe key", glue("rk", "_live_", "4eC39HqLyjWD")],
    ["an AWS access key", glue("AKI", "AQWERTYUIOPASDFGH")],
    ["a GitHub token", glue("gh", "p_", "a".repeat(36))],
    ["a Slack token", glue("xox", "b-", "1".repeat(24))],
    ["a Shopify token", glue("shp", "at_", "0123456789abcdef".repeat(2))],
  ])("finds %s anywhere", (what, secret) => {
    for (const path of ["lib/engine/gate.ts", "docs/architecture.md", "README.md", fixture])
      expect(verdictOn(path, `\n"${secret}"\n`)).toEqual([
        `${path}:2 looks like ${what}; replace it by an invented one`,
      ]);
  });

  it.each([
    ["a test key", glue("sk", "_test_", "4eC39HqLyjWDarjtT1zdp7dc")],
    ["a webhook secret", glue("whsec", "_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
    ["a bearer token", glue("Bearer", " ", "abcdefghijklmnopqrstuvwxyz")],
    ["a signed token", glue("eyJ", "hbGciOiJIUzI1NiJ9", ".eyJ", "zdWIiOiIxMjM0NTYifQ.c2ln")],
    ["an e-mail address outside the example domains", glue("jane.doe", "@", "gmail.com")],
    ["an e-mail address outside the example domains", glue("latest", "@", "gmail.com")],
  ])("finds %s in fixtures", (what, secret) => {
    expect(verdictOn(fixture, `{"value": "${secret}"}`)).toEqual([
      `${fixture}:1 looks like ${what}; replace it by an invented one`,
    ]);
  });

  it.each([
    glue("whsec", "_test_secret"),
    glue("whsec", "_fixture", "0123456789abcdef01234567"),
    "jane@example.com",
    "jane@mail.example.org",
    "jane@guest.test",
    // The address in a vendor's published test vectors, whose bytes are signed.
    glue("te", "st@", "stripe.com"),
    glue("AKI", "AIOSFODNN7EXAMPLE"),
    "ch_3MmlLrLkdIwHu7ix0snN0B15",
  ])("accepts %s in fixtures", (text) => {
    expect(verdictOn(fixture, `{"value": "${text}"}`)).toEqual([]);
  });
});
