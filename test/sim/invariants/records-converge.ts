import { resourceName } from "../partner/driver.ts";
import type { InvariantOf } from "./invariant.ts";

/** Once the partner has rested and a full pass has gone by, the records are what the partner has. */
export const recordsConverge: InvariantOf = (world, broken) => ({
  conclude() {
    for (const partner of world.partners) {
      const { name } = partner.conditions;
      for (const account of partner.accounts) {
        const connectionId = world.connectionIdOf(name, account.name);
        const records = new Map(
          world.stores.records
            .all()
            .filter(
              (record) =>
                record.partner === name && record.connectionId === connectionId && record.resource === resourceName,
            )
            .map((record) => [record.externalId, record]),
        );
        for (const id of account.ids()) {
          const truth = account.thing(id);
          const record = records.get(id);
          const has = record === undefined || record.deleted ? "nothing" : String(record.data["amount"]);
          const should = truth === null || truth.isDeleted ? "nothing" : String(truth.amount);
          if (has !== should)
            broken(`${name} ${account.name} ${id}: the partner has ${should}, the records have ${has}`);
          records.delete(id);
        }
        for (const id of records.keys()) broken(`${name} ${account.name}: a record ${id} that the partner never had`);
      }
    }
  },
});
