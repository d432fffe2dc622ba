import { packGateItem, unpackGateItem } from "../../../../lib/engine/gate/gate-item-text.ts";
import { noHints } from "../../../../lib/engine/gate/no-hints.ts";
import { createSharedGate } from "../../../../lib/engine/gate/shared-gate.ts";
import type { GateItems } from "../../../../lib/engine/gate/shared-gate.ts";
import type { BucketScope } from "../../../../lib/engine/ports.ts";
import type { Contender } from "./contender.ts";
import type { MeteredStore } from "./metered-store.ts";
import { world } from "./scenario.ts";
import type { Quota } from "./scenario.ts";

/** Sluice's own gate, each worker with one of its own over the shared items, asking for the work that it has in hand. */
export const sluice: Contender = {
  name: "Sluice",
  sleepMsMax: 0,
  open({ quota, store }) {
    const items = gateItems(store);
    const scopes = scopesOf(quota);
    return ({ clock, random, connectionId }) => {
      const gate = createSharedGate({ items, clock, random });
      return {
        ask: (want, deadlineMs) => gate.reserve({ scopes, weight: 1, want, lane: "imports", connectionId, deadlineMs }),
        refused: (id, retryAtMs) =>
          gate.settle(id, {
            scopes,
            connectionId,
            sent: 1,
            unused: 0,
            kinds: ["rate"],
            hints: { ...noHints, notBeforeMs: retryAtMs },
          }),
      };
    };
  },
};

/** The whole limit is ours, and its arrivals are as uncertain as the world makes them; the rest is as for any driver. */
function scopesOf(quota: Quota): readonly BucketScope[] {
  return quota.tiers.map((tier) => ({
    item: "bench#account",
    bucket: `account ${tier.requests}/${tier.perMs}`,
    rule: { kind: "slidingWindow", ...tier },
    share: 1,
    uncertaintyMs: world.uncertaintyMs,
    highShare: 0.2,
  }));
}

/** As text, as the table keeps them. */
function gateItems(store: MeteredStore): GateItems {
  const items = store.items<{ readonly pk: string; readonly revision: number; readonly body: string }>();
  return {
    async read(key) {
      const item = await items.read(key);
      return item === null ? { item: null, revision: 0 } : { item: unpackGateItem(item.body), revision: item.revision };
    },
    async write(key, next, readRevision) {
      const after = { pk: key, revision: readRevision + 1, body: packGateItem(next) };
      const written = await items.write(key, (before) => ((before?.revision ?? 0) === readRevision ? after : null));
      return written.stored ? "stored" : "superseded";
    },
  };
}
