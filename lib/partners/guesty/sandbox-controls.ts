import * as z from "zod";
import { controlError, readControl } from "../../local/sandbox/controls.ts";
import type { ControlRoute, Reply, SandboxContext } from "../../local/sandbox/definition.ts";
import type { Put } from "../../local/sandbox/journal-entry.ts";
import { PENDING_MAX } from "../../local/sandbox/webhook-sender.ts";
import { accountIdFor, AccountLimits, ROOT, settingsOf, settingsType } from "./sandbox-accounts.ts";
import type { AccountSettings } from "./sandbox-accounts.ts";
import { changeThings, ChangeRequest } from "./sandbox-change.ts";
import { guestAt } from "./sandbox-guests.ts";
import { fingerprintOf } from "./sandbox-ids.ts";
import { guests, listings, reservations } from "./sandbox-resources.ts";
import type { Resource } from "./sandbox-resources.ts";
import { listingAt, reservationAt } from "./sandbox-things.ts";
import type { State } from "./sandbox-things.ts";
import { revokeTokens } from "./sandbox-tokens.ts";

const Count = z.int().min(0).max(100_000).default(0);

const AccountRequest = z.strictObject({
  clientId: z.string().min(8),
  clientSecret: z.string().min(16),
  webhookSecret: z.string().startsWith("whsec_"),
  /** Where webhooks are to go; another address than before replaces it. */
  webhookUrl: z.string().optional(),
  limits: AccountLimits.default(AccountLimits.parse({})),
  /** How long tokens really work: shorter than the day that they are said to, for those that expire before their time. */
  tokenWorksSeconds: z.number().min(0).max(86_400).default(86_400),
  seed: z
    .strictObject({ listings: Count, guests: Count, reservations: Count })
    .default({ listings: 0, guests: 0, reservations: 0 }),
});
const RevokeRequest = z.strictObject({ clientId: z.string() });

/** Guesty's own control endpoints: making accounts, revoking tokens, and making things happen. */
export function guestyControls(context: SandboxContext): readonly ControlRoute[] {
  return [
    control("/__sandbox/accounts", AccountRequest, (asked) => openAccount(context, asked)),
    control("/__sandbox/change", ChangeRequest, (asked) => changeAccount(context, asked)),
    control("/__sandbox/tokens/revoke", RevokeRequest, ({ clientId }) => ({
      status: 200,
      body: { revoked: revokeTokens(context, accountIdFor(clientId)) },
    })),
  ];
}

function control<T>(template: string, schema: z.ZodType<T>, act: (asked: T) => Reply): ControlRoute {
  return {
    method: "POST",
    template,
    handle(request) {
      const asked = readControl(schema, request);
      return asked.ok ? act(asked.data) : asked.reply;
    },
  };
}

/** Opens an account or gives an open one new settings; seeds are sown once, and to their end when a kill cut the sowing. */
function openAccount(context: SandboxContext, asked: z.infer<typeof AccountRequest>): Reply {
  const account = accountIdFor(asked.clientId);
  const known = settingsOf(context.objects, account);
  if (known === null) sow(context, account, asked.seed);
  const settings: AccountSettings = {
    account,
    clientSecretFingerprint: fingerprintOf(asked.clientSecret),
    limits: asked.limits,
    tokenWorksSeconds: asked.tokenWorksSeconds,
    webhookUrl: asked.webhookUrl ?? known?.webhookUrl ?? null,
    webhookSecret: asked.webhookSecret,
  };
  const revision = context.objects.nextRevision(ROOT, settingsType, account);
  recordPuts(context, ROOT, [
    { type: settingsType, id: account, revision, deleted: false, state: { ...settings }, about: null },
  ]);
  return { status: 200, body: { account, opened: known === null } };
}

function changeAccount(context: SandboxContext, asked: ChangeRequest): Reply {
  const open = context.objects.list(ROOT, settingsType).map((stored) => stored.id);
  const account =
    asked.clientId === undefined ? (open.length === 1 ? open[0] : undefined) : accountIdFor(asked.clientId);
  if (account === undefined || !open.includes(account)) {
    return controlError(404, "No such account: name one by its clientId; POST /__sandbox/accounts opens one");
  }
  if (context.pendingWebhooks() + asked.count > PENDING_MAX) {
    return controlError(409, `There are ${context.pendingWebhooks()} webhooks undelivered; wait for some to go out`);
  }
  return changeThings(context, account, asked);
}

const CHUNK = 500;
const NEWEST_AGE_MS = 30 * 86_400_000;
const APART_MS = 60_000;

function sow(
  context: SandboxContext,
  account: string,
  counts: { readonly listings: number; readonly guests: number; readonly reservations: number },
): void {
  sowOne(context, account, listings, counts.listings, (index, atMs) => listingAt(account, index, atMs));
  sowOne(context, account, guests, counts.guests, (index) => guestAt(account, index));
  sowOne(context, account, reservations, counts.reservations, (index, atMs) =>
    reservationAt(account, index, atMs, counts),
  );
}

function sowOne(
  context: SandboxContext,
  account: string,
  { type }: Resource,
  count: number,
  make: (index: number, createdAtMs: number) => State,
): void {
  const newestMs = Math.floor(context.clock.nowMs()) - NEWEST_AGE_MS;
  for (let start = context.objects.created(account, type); start < count; start += CHUNK) {
    const puts: Put[] = [];
    for (let index = start; index < Math.min(count, start + CHUNK); index += 1) {
      const state = make(index, newestMs - (count - 1 - index) * APART_MS);
      puts.push({ type, id: String(state["_id"]), revision: 1, deleted: false, state, about: null });
    }
    recordPuts(context, account, puts);
  }
}

function recordPuts(context: SandboxContext, account: string, puts: Put[]): void {
  const atMs = context.clock.nowMs();
  context.record({ kind: "change", atMs, account, puts, deliveries: [], saved: null, write: null });
}
