import type { StoredRecord } from "../../../lib/engine/record.ts";
import type { SimulationEvent } from "../world/events.ts";
import type { InvariantOf } from "./invariant.ts";

/**
 * No state of a thing replaces one that the partner made after it. Where the partner has no versions, two fetches within
 * our clocks' difference cannot be told apart, and are left to the next pass.
 */
export const newerStays: InvariantOf = (world, broken) => {
  const checkOrder = (before: StoredRecord, after: StoredRecord): void => {
    world.ground.coverage.count("order advanced");
    if (after.order < before.order || after.digest !== before.digest)
      broken(`${after.partner} ${after.externalId}: order ${before.order} became ${after.order} without a new version`);
  };
  const observe = (event: SimulationEvent): void => {
    if (event.kind !== "record-written" || event.before === null) return;
    const { before, after } = event;
    if (before.version === after.version) return checkOrder(before, after);
    const partner = world.partners.find(({ conditions }) => conditions.name === after.partner);
    const account = partner?.accounts.find(
      ({ name }) => world.connectionIdOf(after.partner, name) === after.connectionId,
    );
    if (partner === undefined || account === undefined) return;
    const revisions = (record: StoredRecord): readonly number[] =>
      account
        .states(record.externalId)
        .filter((state) =>
          record.deleted ? state.isDeleted : !state.isDeleted && String(state.amount) === record.data["amount"],
        )
        .map((state) => state.revision);
    const newest = Math.max(...revisions(after));
    const oldest = Math.min(...revisions(before));
    if (newest >= oldest) return;
    const isTie = partner.conditions.order === "fetch" && Math.abs(after.fetchedAtMs - before.fetchedAtMs) < 1_000;
    if (isTie) return world.ground.coverage.count("two fetches too close to tell apart");
    const { clockBack, order } = partner.conditions;
    const isByVersion = order === "version" && !before.deleted && !after.deleted && after.order > before.order;
    // Its own versions say the opposite of what happened: nobody can know, until the next fetch long after.
    if (clockBack !== null && isByVersion) return world.ground.coverage.count("the partner's clock misled us");
    broken(
      `${after.partner} ${after.externalId}: state ${newest} (order ${after.order}) was written over state ${oldest} (order ${before.order})`,
    );
  };
  return { observe };
};
