import * as z from "zod";
import { controlError, readControl } from "../../local/sandbox/controls.ts";
import type { ControlRoute, Reply, SandboxContext } from "../../local/sandbox/definition.ts";
import type { Put } from "../../local/sandbox/journal-entry.ts";
import { PENDING_MAX } from "../../local/sandbox/webhook-sender.ts";
import { ApiKey, companyFor, ROOT, settingsOf, settingsType } from "./sandbox-companies.ts";
import { changeObjects, ChangeRequest } from "./sandbox-happenings.ts";
import { customerAt, LOST_CUSTOMER, orderAt, productAt, type Counts, type State } from "./sandbox-objects.ts";
import { customers, orders, products, type Resource } from "./sandbox-resources.ts";

const Count = z.int().min(0).max(10_000).default(0);

const AccountRequest = z.strictObject({
  key: ApiKey,
  /** Whoever made the key; somebody of its own when none is named. */
  owner: z.string().min(1).optional(),
  webhookKey: z.string().min(1),
  /** Where webhooks are to go; another address than before replaces it. */
  webhookUrl: z.string().optional(),
  perMinute: z.int().min(1).max(1_000_000).default(300),
  seed: z
    .strictObject({ orders: Count, products: Count, customers: Count })
    .default({ orders: 0, products: 0, customers: 0 }),
});

/** LeafLink's own control endpoints: opening companies, and making things happen in them. */
export function leaflinkControls(context: SandboxContext): readonly ControlRoute[] {
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
        return asked.ok ? changeCompany(context, asked.data) : asked.reply;
      },
    },
  ];
}

/** Opens a company or gives an open one new settings; seeds are sown once, and to their end when a kill cut the sowing. */
function openCompany(context: SandboxContext, asked: z.infer<typeof AccountRequest>): Reply {
  const company = companyFor(asked.key);
  const known = settingsOf(context.objects, company);
  if (known === null) seedCompany(context, company, asked.seed);
  const state = {
    owner: asked.owner ?? company,
    perMinute: asked.perMinute,
    webhookKey: asked.webhookKey,
    webhookUrl: asked.webhookUrl ?? known?.webhookUrl ?? null,
  };
  const revision = context.objects.nextRevision(ROOT, settingsType, company);
  recordPuts(context, ROOT, [{ type: settingsType, id: company, revision, deleted: false, state, about: null }]);
  return { status: 200, body: { account: company, opened: known === null } };
}

const CHUNK = 500;
const APART_MICROS = 61_000_437;
/** Older than any increment of a first hour asks for. */
const NEWEST_AGE_MICROS = 2 * 86_400_000_000;

function seedCompany(context: SandboxContext, company: string, counts: Counts): void {
  sow(context, company, customers, counts.customers, (index, at) => customerAt(company, index, at));
  sow(context, company, products, counts.products, (index, at) => productAt(company, index, at));
  sow(context, company, orders, counts.orders, (index, at) => orderAt(company, index, at, counts));
}

/** In pieces; those that an earlier, killed sowing left are not sown again. */
function sow(
  context: SandboxContext,
  company: string,
  { type }: Resource,
  count: number,
  make: (index: number, micros: number) => State,
): void {
  const newest = Math.floor(context.clock.nowMs() * 1_000) - NEWEST_AGE_MICROS;
  for (let start = context.objects.created(company, type); start < count; start += CHUNK) {
    const puts: Put[] = [];
    for (let index = start; index < Math.min(count, start + CHUNK); index += 1) {
      const state = make(index, newest - (count - 1 - index) * APART_MICROS);
      const deleted = type === customers.type && index === LOST_CUSTOMER;
      puts.push({ type, id: String(state["number"] ?? state["id"]), revision: 1, deleted, state, about: null });
    }
    recordPuts(context, company, puts);
  }
}

function recordPuts(context: SandboxContext, account: string, puts: Put[]): void {
  context.record({
    kind: "change",
    atMs: context.clock.nowMs(),
    account,
    puts,
    deliveries: [],
    saved: null,
    write: null,
  });
}

function changeCompany(context: SandboxContext, asked: ChangeRequest): Reply {
  const open = context.objects.list(ROOT, settingsType).map((stored) => stored.id);
  const company = asked.key === undefined ? (open.length === 1 ? open[0] : undefined) : companyFor(asked.key);
  if (company === undefined || !open.includes(company))
    return controlError(404, "No such company: name one by its key; POST /__sandbox/accounts opens one");
  if (context.pendingWebhooks() + asked.count > PENDING_MAX)
    return controlError(409, `There are ${context.pendingWebhooks()} webhooks undelivered; wait for some to go out`);
  return changeObjects(context, company, asked);
}
