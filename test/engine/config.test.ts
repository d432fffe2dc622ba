import { describe, expect, test } from "vitest";
import { defineConfig } from "../../lib/engine/config.ts";
import type { SluiceConfig } from "../../lib/engine/config.ts";

const right: SluiceConfig = { partners: [], stages: { dev: { kind: "dev" } } };

/** As a file that no compiler has looked at. */
function define(config: unknown): () => SluiceConfig {
  // The point of the check: types are stripped before the configuration is read.
  return () => defineConfig(config as SluiceConfig);
}

describe("the configuration", () => {
  test("that is right is taken as it is", () => {
    expect(defineConfig(right)).toEqual(right);
  });

  test.each([
    ["a third kind of stage", { ...right, stages: { prod: { kind: "production" } } }, /stages\.prod\.kind/],
    [
      "a misspelt key of a stage",
      { ...right, stages: { prod: { kind: "prod", permissionBoundaryArn: "arn:x" } } },
      /stages\.prod.*permissionBoundaryArn/,
    ],
    [
      "a key that is none",
      { ...right, stages: { prod: { kind: "prod", kmsKeyArn: "my-key" } } },
      /stages\.prod\.kmsKeyArn/,
    ],
    ["an account of two digits", { ...right, stages: { dev: { kind: "dev", account: "12" } } }, /stages\.dev\.account/],
    [
      "a domain without its certificate",
      { ...right, stages: { dev: { kind: "dev", customDomain: { domainName: "a.example" } } } },
      /certificateArn/,
    ],
    ["a misspelt key", { ...right, overides: {} }, /overides/],
    ["no stage", { ...right, stages: {} }, /stages: at least one stage/],
    ["stages left out", { partners: [] }, /stages/],
    ["a stage's name that AWS would not take", { ...right, stages: { "my stage": { kind: "dev" } } }, /my stage/],
    ["two partners of one name", { ...right, partners: [{ name: "acme" }, { name: "acme" }] }, /acme.*twice/],
  ])("with %s is refused, and the key is named", (_, config, named) => {
    expect(define(config)).toThrow(named);
    expect(define(config)).toThrow(/sluice\.config\.ts/);
  });
});
