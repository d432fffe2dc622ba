import * as z from "zod";
import type { MeteredStore } from "./metered-store.ts";

interface Row {
  readonly points: number;
  readonly expire: number;
}

const numeral = z.object({ N: z.string() }).transform(({ N }) => Number(N));
const Update = z.object({
  Key: z.object({ key: z.object({ S: z.string() }) }),
  UpdateExpression: z.string(),
  ConditionExpression: z.string(),
  ExpressionAttributeValues: z.object({
    ":new_points": numeral,
    ":new_expire": numeral.optional(),
    ":where_expire": numeral,
  }),
});

/** The two conditional updates that the store makes of each call, by their texts; any other is an error. */
const updates: Readonly<
  Record<string, (row: Row | null, values: z.output<typeof Update>["ExpressionAttributeValues"]) => Row | null>
> = {
  "SET points = :new_points, expire = :new_expire if expire <= :where_expire OR attribute_not_exists(points)": (
    row,
    values,
  ) =>
    row === null || row.expire <= values[":where_expire"]
      ? { points: values[":new_points"], expire: values[":new_expire"] ?? Number.NaN }
      : null,
  "SET points = points + :new_points if expire > :where_expire": (row, values) =>
    row !== null && row.expire > values[":where_expire"]
      ? { ...row, points: row.points + values[":new_points"] }
      : null,
};

/** As much of DynamoDB's client as rate-limiter-flexible uses, on a store that counts. */
export function flexibleTable(store: MeteredStore): { clientOf(onAnswer: () => void): object } {
  const items = store.items<Row>();
  return {
    clientOf: (onAnswer) => ({
      async updateItem(params: unknown): Promise<object> {
        const { Key, UpdateExpression, ConditionExpression, ExpressionAttributeValues } = Update.parse(params);
        const update = updates[`${UpdateExpression} if ${ConditionExpression}`];
        if (update === undefined)
          throw new Error(`no such update is known: ${UpdateExpression} if ${ConditionExpression}`);
        const key = Key.key.S;
        const written = await items.write(key, (row) => update(row, ExpressionAttributeValues));
        onAnswer();
        if (!written.stored || written.item === null) throw new Error("ConditionalCheckFailedException");
        const { points, expire } = written.item;
        return { Attributes: { key: { S: key }, points: { N: String(points) }, expire: { N: String(expire) } } };
      },
    }),
  };
}
