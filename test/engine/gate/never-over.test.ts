import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { itemTextMax } from "../../../lib/engine/gate/fit-item.ts";
import { anyRule, anyStep, GateModel } from "./support/model.ts";
import { scopeOf } from "./support/scopes.ts";

const share = fc.constantFrom(0.5, 0.85, 1);

describe("whatever workers do, a strict partner never sees more than its limit", () => {
  test.each([
    ["in one item", () => "acme#one"],
    ["in two items", (index: number) => (index === 0 ? "acme#app" : "acme#one")],
  ])("%s", (_, itemOf) => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyRule, share), { minLength: 1, maxLength: 3 }),
        fc.array(anyStep, { minLength: 1, maxLength: 60 }),
        (limits, steps) => {
          const scopes = limits.map(([rule, used], index) =>
            scopeOf(`tier ${index}`, rule, { share: used, item: itemOf(index) }),
          );
          const model = new GateModel(scopes);
          for (const step of steps) model.take(step, () => undefined);
          expect(model.violations()).toEqual([]);
          expect(model.longest).toBeLessThanOrEqual(itemTextMax);
        },
      ),
      { numRuns: 400 },
    );
  });
});

test("a refusal names a time at which a lone caller is admitted", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anyRule, share), { minLength: 1, maxLength: 3 }),
      fc.array(anyStep, { minLength: 1, maxLength: 40 }),
      (limits, steps) => {
        const model = new GateModel(
          limits.map(([rule, used], index) => scopeOf(`tier ${index}`, rule, { share: used })),
        );
        for (const step of steps)
          model.take({ ...step, connection: "one" }, (isGood) => {
            expect(isGood).toBe(true);
          });
      },
    ),
    { numRuns: 300 },
  );
});
