import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { HistoryEntry } from "../../../lib/engine/history.ts";
import type { RecordScope } from "../../../lib/engine/record.ts";
import { startMs } from "../memory/clock.ts";
import { freshOwner, usePorts } from "./opened.ts";
import type { OpenPorts } from "./opened.ts";

function entryOf(scope: RecordScope, version: number, data: HistoryEntry["data"]): HistoryEntry {
  return {
    ...scope,
    externalId: "thing-1",
    version,
    change: version === 1 ? "created" : "updated",
    changed: version === 1 ? [] : ["amount"],
    source: { kind: "run", id: "run-1" },
    fetchedAtMs: startMs,
    writtenAtMs: startMs + version,
    data,
  };
}

export function describeHistoryStore(open: OpenPorts): void {
  describe("history", () => {
    const opened = usePorts(open);
    const history = () => opened().ports.history;

    it("comes back as it was appended, the newest first, of each record its own", async () => {
      const scope = { ...freshOwner(), resource: "things" };
      const entries = [1, 2, 3].map((version) =>
        entryOf(scope, version, { amount: version, nested: { list: [null] } }),
      );
      for (const entry of entries) expect(await history().append(entry)).toBe("appended");
      await history().append({ ...entryOf(scope, 1, {}), externalId: "thing-10" });
      expect(await history().list(scope, "thing-1", 10)).toEqual(entries.toReversed());
      expect(await history().list(scope, "thing-1", 2)).toEqual(entries.slice(1).toReversed());
      expect(await history().list(scope, "thing-2", 10)).toEqual([]);
    });

    it("keeps the first of two entries of one version", async () => {
      const scope = { ...freshOwner(), resource: "things" };
      await history().append(entryOf(scope, 1, { amount: 1 }));
      expect(await history().append(entryOf(scope, 1, { amount: 2 }))).toBe("exists");
      expect(await history().list(scope, "thing-1", 10)).toMatchObject([{ data: { amount: 1 } }]);
    });

    it("keeps states whole that are too large for an item, as they are or compressed", async () => {
      const scope = { ...freshOwner(), resource: "things" };
      // Random, so that compressing does not make it fit.
      const large = { text: randomBytes(450_000).toString("base64") };
      const medium = { text: "ä".repeat(300_000) };
      await history().append(entryOf(scope, 1, large));
      await history().append(entryOf(scope, 2, medium));
      const states = (await history().list(scope, "thing-1", 10)).map(({ data }) => data);
      expect(states).toEqual([medium, large]);
    });
  });
}
