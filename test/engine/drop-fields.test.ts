import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dropFields } from "../../lib/engine/drop-fields.ts";

describe("fields that are not kept", () => {
  const guest = { name: "Ada", passport: "C01X", papers: [{ kind: "visa", number: "7" }, "none", null] };

  test.each([
    [[], { id: 1, guest }],
    [["guest.passport"], { id: 1, guest: { name: "Ada", papers: guest.papers } }],
    [["guest"], { id: 1 }],
    [["guest.papers.number"], { id: 1, guest: { ...guest, papers: [{ kind: "visa" }, "none", null] } }],
    [["id", "guest.papers", "guest.name"], { guest: { passport: "C01X" } }],
    [["nothing", "id.deeper", "guest.name.first", "__proto__"], { id: 1, guest }],
  ])("%j are gone, and everything else is there", (paths, expected) => {
    const given = { id: 1, guest };
    const before = structuredClone(given);
    expect(dropFields(given, paths)).toEqual(expected);
    expect(given).toEqual(before);
  });

  test("whatever a partner sends, nothing is left at a path and nothing else is lost", () => {
    const fields = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.jsonValue({ maxDepth: 2 }));
    fc.assert(
      fc.property(fields, (given) => {
        const { a: _, ...rest } = given;
        expect(dropFields(given, ["a"])).toEqual(rest);
      }),
    );
  });
});
