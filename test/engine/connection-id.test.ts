import { describe, expect, it } from "vitest";
import { checkConnectionId, makeConnectionId, partnerOfConnectionId } from "../../lib/engine/connection-id.ts";
import { SeededRandom } from "../support/memory/clock.ts";

const key = "a-key-for-tests-only";
const id = makeConnectionId("acme-pay", key, new SeededRandom(3));

describe("connection ids", () => {
  it("have the documented form, name their partner and fit a job", () => {
    expect(id).toMatch(/^acme-pay_[A-Za-z0-9]{18}-[A-Za-z0-9_-]{16}$/);
    expect(partnerOfConnectionId(id)).toBe("acme-pay");
    expect(makeConnectionId("a".repeat(31), key, new SeededRandom(1)).length).toBeLessThanOrEqual(80);
  });

  it("are taken back under the same key and for the same partner", () => {
    expect(checkConnectionId(id, "acme-pay", key)).toBe(true);
    expect(checkConnectionId(id, "acme-pay", "another key")).toBe(false);
    expect(checkConnectionId(id, "acme", key)).toBe(false);
  });

  it("are refused with any one character changed, wherever it stands", () => {
    for (let index = 0; index < id.length; index += 1) {
      const changed = id.charAt(index) === "A" ? "B" : "A";
      expect(checkConnectionId(id.slice(0, index) + changed + id.slice(index + 1), "acme-pay", key)).toBe(false);
    }
  });

  it("of another form are refused without an error", () => {
    for (const strange of [
      "",
      "_",
      "acme-pay_",
      `${id} `,
      id.slice(1),
      id.slice(0, -1),
      `${id}A`,
      "acme-pay_ü-ü",
      "💥".repeat(20),
    ]) {
      expect(checkConnectionId(strange, "acme-pay", key)).toBe(false);
    }
  });

  it("differ", () => {
    const random = new SeededRandom(9);
    const many = Array.from({ length: 1_000 }, () => makeConnectionId("acme", key, random));
    expect(new Set(many).size).toBe(1_000);
  });
});
