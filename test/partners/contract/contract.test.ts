import { describe, expect, test } from "vitest";
import { PageShapeError } from "../../../lib/engine/pages/page-strategy.ts";
import { checks } from "../contract.ts";
import { authorisationFaults, authorised } from "./planted-authorisation.ts";
import { childFaults, withBatch, withEach, withPets } from "./planted-children.ts";
import { dataFaults } from "./planted-data.ts";
import { webhookFaults } from "./planted-webhooks.ts";
import { subject } from "./planted.ts";
import type { Subject } from "./subject.ts";

const faults = [...dataFaults, ...webhookFaults, ...childFaults, ...authorisationFaults];

describe("a partner that keeps the contract", () => {
  test.each(Object.entries(checks))("%s", (_name, check) => {
    expect(check(subject())).toEqual([]);
  });
});

describe("a partner with children that keeps the contract", () => {
  test.each([
    ["a list for each parent", () => withEach({})],
    ["one list for many", () => withBatch({})],
    ["one child that has its parent's id", () => withPets([{ resource: "pets", ask: { kind: "one" } }])],
  ])("%s", (_, planted) => {
    expect(checks["children are asked for by their parents"]?.(planted())).toEqual([]);
  });
});

test("a partner that people connect by saying yes there keeps the contract", () => {
  expect(checks["credentials are taken whole and nothing else is"]?.(authorised())).toEqual([]);
});

describe("a planted fault is named", () => {
  test.each(faults)("%s: %s", (name, _fault, says, planted) => {
    const problems = problemsOf(name, planted());
    expect(problems.join("\n")).toMatch(says);
  });

  test("for every check of the suite", () => {
    expect([...new Set(faults.map(([check]) => check))].toSorted()).toEqual(Object.keys(checks).toSorted());
  });
});

/** A fault may also make a check's own walk throw; that is a failed test too. */
function problemsOf(name: string, planted: Subject): readonly string[] {
  try {
    return checks[name]?.(planted) ?? [];
  } catch (error) {
    if (error instanceof PageShapeError) return [error.message];
    throw error;
  }
}
