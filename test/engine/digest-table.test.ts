import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DigestTable } from "../../lib/engine/digest-table.ts";
import { compareIds, isRising } from "../../lib/engine/id-order.ts";

describe("a table of digests", () => {
  test("says of any thing what a map of all would say, however many there are", () => {
    const things = fc.uniqueArray(fc.tuple(fc.string(), fc.string()), {
      selector: ([id]) => id,
      maxLength: 3_000,
      size: "max",
    });
    fc.assert(
      fc.property(things, fc.array(fc.string()), (added, others) => {
        const table = new DigestTable();
        for (const [id, state] of added) table.add(id, state, true);
        const map = new Map(added);
        for (const [id, state] of added) {
          expect(table.find(id, state)).toBe("same");
          expect(table.find(id, `${state}!`)).toBe("different");
        }
        for (const id of others) if (!map.has(id)) expect(table.find(id, "x")).toBe("absent");
        expect(table.count).toBe(added.length);
      }),
      { numRuns: 30 },
    );
  });

  test("counts what was expected and not seen, each thing once", () => {
    const table = new DigestTable();
    for (let index = 0; index < 5_000; index += 1) table.add(`thing-${index}`, "state", index % 5 !== 0);
    expect(table.unseen).toBe(4_000);
    for (let index = 0; index < 5_000; index += 2) table.see(`thing-${index}`);
    for (let index = 0; index < 5_000; index += 2) table.see(`thing-${index}`);
    table.see("nobody");
    expect(table.unseen).toBe(2_000);
  });
});

test("ids are ordered by their bytes, as the store orders them", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (a, b) => {
      const hex = (text: string) => Buffer.from(text).toString("hex");
      const expected = hex(a) < hex(b) ? -1 : hex(a) > hex(b) ? 1 : 0;
      expect(Math.sign(compareIds(a, b))).toBe(expected);
    }),
  );
  expect([isRising([]), isRising(["a", "b"]), isRising(["b", "a"]), isRising(["a", "a"])]).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
