import * as z from "zod";
import { controlError, readControl } from "../../local/sandbox/controls.ts";
import type { ControlRoute, Reply, SandboxContext } from "../../local/sandbox/definition.ts";
import type { Put } from "../../local/sandbox/journal-entry.ts";
import { PENDING_MAX } from "../../local/sandbox/webhook-sender.ts";
import { changeCompany, ChangeRequest } from "./sandbox-change.ts";
import { companies, companyOf, RealmId, ROOT, settingsType } from "./sandbox-companies.ts";
import { entities } from "./sandbox-objects.ts";

const Count = z.int().min(0).max(10_000).default(0);

const AccountRequest = z.strictObject({
  realmId: RealmId,
  name: z.string().min(1).default("Example Company"),
  verifierToken: z.string().min(1),
  /** Where webhooks are to go; another address than before replaces it. */
  webhookUrl: z.string().optional(),
  perMinute: z.int().min(1).max(1_000_000).default(500),
  perSecond: z.int().min(1).max(1_000_000).default(10),
  seed: z
    .strictObject({ customers: Count, invoices: Count, payments: Count })
    .default({ customers: 0, invoices: 0, payments: 0 }),
});

/** QuickBooks' own control endpoints: opening companies, and making things happen in them. */
export function quickbooksControls(context: SandboxContext): readonly ControlRoute[] {
  return [
    {
      method: "POST",
      template: "/__sandbox/accounts",
      handle(request) {
        const asked = readControl(AccountRequest, request);
        return asked.ok ? openCompany(context, asked.data) : asked.reply;
      },
    },
    {
      method: "POST",
      template: "/__sandbox/change",
      handle(request) {
        const asked = readControl(ChangeRequest, request);
        return asked.ok ? change(context, asked.data) : asked.reply;
      },
    },
  ];
}

/** Opens a company or gives an open one new settings; seeds are sown once, and to their end when a kill cut the sowing. */
function openCompany(context: SandboxContext, asked: z.infer<typeof AccountRequest>): Reply {
  const { realmId, seed, webhookUrl, ...settings } = asked;
  const known = companyOf(context.objects, realmId);
  if (known === null) sow(context, realmId, seed);
  const state = { ...settings, webhookUrl: webhookUrl ?? known?.webhookUrl ?? null };
  const revision = context.objects.nextRevision(ROOT, settingsType, realmId);
  record(context, ROOT, [{ type: settingsType, id: realmId, revision, deleted: false, state, about: null }]);
  return { status: 200, body: { account: realmId, opened: known === null } };
}

const CHUNK = 500;
const APART_MS = 61_000;
/** Older than any increment of a first hour asks for. */
const NEWEST_AGE_MS = 2 * 86_400_000;

/** In pieces; those that an earlier, killed sowing left are not sown again. */
function sow(context: SandboxContext, realmId: string, seed: z.infer<typeof AccountRequest>["seed"]): void {
  const newestMs = context.clock.nowMs() - NEWEST_AGE_MS;
  for (const { type, make } of entities) {
    const count = seed[`${type}s`];
    for (let start = context.objects.created(realmId, type); start < count; start += CHUNK) {
      const puts: Put[] = [];
      for (let index = start; index < Math.min(count, start + CHUNK); index += 1) {
        const state = make(index, newestMs - (count - 1 - index) * APART_MS, seed.customers);
        puts.push({ type, id: String(state["Id"]), revision: 1, deleted: false, state, about: null });
      }
      record(context, realmId, puts);
    }
  }
}

function record(context: SandboxContext, account: string, puts: Put[]): void {
  const atMs = context.clock.nowMs();
  context.record({ kind: "change", atMs, account, puts, deliveries: [], saved: null, write: null });
}

function change(context: SandboxContext, asked: ChangeRequest): Reply {
  const open = companies(context.objects).map(({ id }) => id);
  const realmId = asked.realmId ?? (open.length === 1 ? open[0] : undefined);
  if (realmId === undefined || !open.includes(realmId))
    return controlError(404, "No such company: name one by its realm; POST /__sandbox/accounts opens one");
  if (context.pendingWebhooks() + asked.count > PENDING_MAX)
    return controlError(409, `There are ${context.pendingWebhooks()} webhooks undelivered; wait for some to go out`);
  return changeCompany(context, realmId, asked);
}
