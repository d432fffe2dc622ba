import { describe, expect, it } from "vitest";
import { atRest, changed } from "../../../lib/engine/control.ts";
import type { Control } from "../../../lib/engine/control.ts";
import { startMs } from "../memory/clock.ts";
import { allOf, freshOwner, ownerOf, usePorts } from "./opened.ts";
import type { OpenPorts } from "./opened.ts";

const wish = { sinceMs: startMs, by: "ada", reason: "their maintenance" };
const open = { kind: "open", opened: 2, sinceMs: startMs, untilMs: startMs + 60_000 } as const;

export function describeControlStore(openPorts: OpenPorts): void {
  describe("controls", () => {
    const opened = usePorts(openPorts);
    const control = () => opened().ports.control;
    const fresh = { fresh: true };

    it("are at rest where nothing is stored, and come back as they were stored", async () => {
      const { partner, connectionId } = freshOwner();
      expect(await control().read(partner, null)).toEqual(atRest(partner, null));
      const stored: Control = changed(atRest(partner, null), {
        pause: wish,
        schedules: wish,
        breaker: { kind: "half-open", opened: 1, sinceMs: startMs, untilMs: startMs + 1, begun: 1, passed: 0 },
        staleBefore: [{ atMs: startMs, resource: null, lane: "webhooks" }],
        canaries: [{ lane: "imports", sentAtMs: startMs, consumedAtMs: startMs + 5 }],
        lanes: { wanted: "stopped", agreed: false, sinceMs: startMs },
        connectionsHeld: true,
      });
      expect(await control().compareAndSet(stored)).toBe("stored");
      expect(await control().read(partner, null, fresh)).toEqual(stored);
      const worst = [{ tag: "abc123", calls: 3, failures: 2 }];
      const windows = [
        { fromMs: startMs, calls: 4, failures: 2, worst },
        { fromMs: startMs + 1, calls: 1, failures: 0 },
      ];
      const counted = changed(stored, { breaker: { kind: "closed", windows, before: null } });
      expect(await control().compareAndSet(counted)).toBe("stored");
      expect(await control().read(partner, null, fresh)).toEqual(counted);
      // A connection's own stands beside it.
      expect(await control().read(partner, connectionId, fresh)).toEqual(atRest(partner, connectionId));
    });

    it("move on only from the revision that is stored, and one of many wins", async () => {
      const { partner } = freshOwner();
      const first = changed(atRest(partner, null), { pause: wish });
      const results = await allOf(6, () => control().compareAndSet(first));
      expect(results.filter((result) => result === "stored")).toHaveLength(1);
      expect(await control().compareAndSet({ ...first, revision: 3 })).toBe("superseded");
      expect(await control().compareAndSet(changed(first, { pause: null }))).toBe("stored");
      expect((await control().read(partner, null)).pause).toBeNull();
    });

    it("list a partner's connections that are not at rest, and neither the partner nor another's", async () => {
      const { partner, connectionId } = freshOwner();
      const other = ownerOf(partner, 2);
      const foreign = freshOwner();
      await control().compareAndSet(changed(atRest(partner, null), { pause: wish }));
      await control().compareAndSet(changed(atRest(foreign.partner, foreign.connectionId), { breaker: open }));
      const held = changed(atRest(partner, connectionId), { breaker: open });
      await control().compareAndSet(held);
      await control().compareAndSet(changed(atRest(partner, other.connectionId), { connectionsHeld: false }));
      expect(await control().held(partner, 10)).toEqual([held]);
      await control().compareAndSet(changed(held, { breaker: { kind: "closed", windows: [], before: null } }));
      expect(await control().held(partner, 10)).toEqual([]);
    });
  });
}
