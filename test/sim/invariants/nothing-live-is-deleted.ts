import type { InvariantOf } from "./invariant.ts";

/** Our clocks differ by no more. */
const skewMsMax = 1_000;

/** A tombstone is written only of what the partner did not have at some moment since we asked. */
export const nothingLiveIsDeleted: InvariantOf = (world, broken) => ({
  observe(event) {
    if (event.kind !== "record-written" || !event.after.deleted || event.before?.deleted === true) return;
    const { partner: name, connectionId, externalId, fetchedAtMs, source } = event.after;
    const partner = world.partners.find(({ conditions }) => conditions.name === name);
    const account = partner?.accounts.find((one) => world.connectionIdOf(name, one.name) === connectionId);
    if (account === undefined) return broken(`${name} ${externalId}: deleted for an account that is none`);
    world.ground.coverage.count(`deletion brought by a ${source.kind}`);
    const states = account.states(externalId);
    const wasGone = states.some(
      (state, index) => state.isDeleted && (states[index + 1]?.madeAtMs ?? Infinity) >= fetchedAtMs - skewMsMax,
    );
    if (!wasGone && states.length > 0)
      broken(`${name} ${externalId}: deleted by ${source.kind} ${source.id}, and the partner had it all the time`);
  },
});
