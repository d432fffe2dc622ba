import { heldLines } from "./partner-text.ts";
import type { ConnectionWhole } from "./shapes.ts";
import { table } from "./table.ts";
import { relative } from "./times.ts";

/** One connection and how its resources stand, for people. */
export function connectionText(connection: ConnectionWhole, nowMs: number): string {
  const rows = connection.resources.map((each) => [
    each.resource,
    relative(each.lastSuccessAt, nowMs),
    each.lastError === null ? null : `${each.lastError.code}, ${relative(each.lastError.at, nowMs)}`,
    relative(each.nextDueAt, nowMs),
    each.activeRun?.runId ?? null,
  ]);
  const head = `${connection.id}  ${connection.name}\n${connection.partner} of tenant ${connection.tenantId}, ${connection.status}\n`;
  const webhooks = connection.webhookPath === null ? "" : `Webhooks go to ${connection.webhookPath}\n`;
  const credential = credentialText(connection, nowMs);
  const held = heldLines(connection.held).map((line) => `${line}\n`);
  return `${head}${webhooks}${credential}${held.join("")}\n${table(["resource", "last success", "last error", "next", "run"], rows, "No resources.")}`;
}

const warnings: Readonly<Record<string, string>> = {
  expired: "it has ended: store another",
  "expires-soon": "it ends soon: store another",
  old: "it is older than a year: rotate it",
};

function credentialText({ credential }: ConnectionWhole, nowMs: number): string {
  if (credential === null) return "";
  const { storedAt, expiresAt, warning } = credential;
  const ends = expiresAt === null ? "" : `, ends ${relative(expiresAt, nowMs)}`;
  const said = warning === null ? "" : `; ${warnings[warning] ?? warning}`;
  return `Credential stored ${relative(storedAt, nowMs)}${ends}${said}\n`;
}
