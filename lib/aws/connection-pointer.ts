import type { Connection } from "../engine/ports.ts";
import { connectionKey, itemOfPointer, pointerKey } from "./connection-item.ts";
import { connectionIn } from "./erasure-item.ts";
import { text, textOf } from "./item.ts";
import type { Table } from "./table.ts";

/*
 * Webhooks of some partners name an account and no connection; a pointer item leads from the one to the other. There are
 * no transactions, so a pointer alone proves nothing: it counts when the connection it names is there and holds the account.
 */

/** The connection that holds an account. */
export async function holderOf(table: Table, partner: string, account: string): Promise<Connection | null> {
  const pointer = await table.get(pointerKey(partner, account));
  if (pointer === null) return null;
  const item = await table.get(connectionKey(partner, textOf(table.name, pointer, "connectionId")));
  const connection = connectionIn(table.name, item);
  return connection?.account === account ? connection : null;
}

/** false: another connection holds the account. */
export async function takePointer(table: Table, connection: Connection): Promise<boolean> {
  const { partner, connectionId, account } = connection;
  if (account === null) return true;
  if ((await table.create(itemOfPointer(connection, account))) === "created") return true;
  const pointer = await table.get(pointerKey(partner, account));
  const named = pointer === null ? null : textOf(table.name, pointer, "connectionId");
  if (named === connectionId) return true;
  if ((await holderOf(table, partner, account)) !== null) return false;
  return takeOver(table, connection, account, named);
}

/**
 * The pointer leads nowhere, or to a connection that is being made at this moment. Whoever takes it over looks again
 * afterwards, and so does whoever made a connection (`keepsPointer`): of two at once, one sees the other and withdraws.
 */
async function takeOver(table: Table, connection: Connection, account: string, named: string | null): Promise<boolean> {
  const { partner, connectionId } = connection;
  const taken = await pointTo(table, { partner, account }, connectionId, named);
  if (!taken || named === null) return taken;
  const item = await table.get(connectionKey(partner, named));
  if (connectionIn(table.name, item)?.account !== account) return true;
  await pointTo(table, { partner, account }, named, connectionId);
  return false;
}

/** Whether a connection that was just made still holds its account. */
export async function keepsPointer(table: Table, connection: Connection): Promise<boolean> {
  const { partner, connectionId, account } = connection;
  if (account === null) return true;
  const pointer = await table.get(pointerKey(partner, account));
  return pointer !== null && textOf(table.name, pointer, "connectionId") === connectionId;
}

async function pointTo(
  table: Table,
  owner: { readonly partner: string; readonly account: string },
  connectionId: string,
  named: string | null,
): Promise<boolean> {
  const stored = await table.update(pointerKey(owner.partner, owner.account), {
    UpdateExpression: "SET connectionId = :next",
    ConditionExpression: named === null ? "attribute_not_exists(pk)" : "connectionId = :named",
    ExpressionAttributeValues: { ":next": text(connectionId), ...(named !== null && { ":named": text(named) }) },
  });
  return stored.kind === "stored";
}

/** Follows a connection whose account has changed. */
export async function movePointer(table: Table, before: Connection, after: Connection): Promise<void> {
  if (before.account === after.account) return;
  await takePointer(table, after);
  await clearPointer(table, before);
}

export async function clearPointer(table: Table, connection: Connection): Promise<void> {
  if (connection.account === null) return;
  await table.delete(pointerKey(connection.partner, connection.account), {
    ConditionExpression: "connectionId = :mine",
    ExpressionAttributeValues: { ":mine": text(connection.connectionId) },
  });
}
