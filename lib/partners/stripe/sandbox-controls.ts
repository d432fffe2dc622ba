import * as z from "zod";
import { controlError, readControl } from "../../local/sandbox/controls.ts";
import type { ControlRoute, Reply, SandboxContext } from "../../local/sandbox/definition.ts";
import { PENDING_MAX } from "../../local/sandbox/webhook-sender.ts";
import { accountIdFor, AccountLimits, ROOT, settingsOf, settingsType, TestKey } from "./sandbox-accounts.ts";
import { isDeepStrictEqual } from "node:util";
import { createEndpoint, deleteEndpoint } from "./sandbox-endpoint-routes.ts";
import { endpointType } from "./sandbox-endpoints.ts";
import { changeObjects, ChangeRequest } from "./sandbox-happenings.ts";
import { seedAccount } from "./sandbox-seeds.ts";

const Count = z.int().min(0).max(100_000).default(0);

const AccountRequest = z.strictObject({
  key: TestKey,
  /** Opens it as a connected account of the platform with this key, which is opened first. */
  platformKey: TestKey.optional(),
  /** The secret of every endpoint registered from now on; one for each otherwise. */
  webhookSecret: z.string().startsWith("whsec_").nullable().default(null),
  /** Where webhooks are to go; another address than before replaces it. */
  webhookUrl: z.string().optional(),
  /** The events that go there. */
  enabledEvents: z.array(z.string()).min(1).default(["*"]),
  limits: AccountLimits.default(AccountLimits.parse({})),
  seed: z
    .strictObject({ charges: Count, paymentIntents: Count, customers: Count })
    .default({ charges: 0, paymentIntents: 0, customers: 0 }),
});

/** Changes that the control makes are nobody's request. */
const cause = { id: "control", idempotencyKey: null };

/** Stripe's own control endpoints: making accounts, and making things happen in them. */
export function stripeControls(context: SandboxContext): readonly ControlRoute[] {
  return [
    {
      method: "POST",
      template: "/__sandbox/accounts",
      handle(request) {
        const asked = readControl(AccountRequest, request);
        return asked.ok ? openAccount(context, asked.data) : asked.reply;
      },
    },
    {
      method: "POST",
      template: "/__sandbox/change",
      handle(request) {
        const asked = readControl(ChangeRequest, request);
        return asked.ok ? changeAccount(context, asked.data) : asked.reply;
      },
    },
  ];
}

/** Opens an account or gives an open one new settings; seeds are sown once, and to their end when a kill cut the sowing. */
function openAccount(context: SandboxContext, asked: z.infer<typeof AccountRequest>): Reply {
  const { objects } = context;
  const account = accountIdFor(asked.key);
  const platform = asked.platformKey === undefined ? null : accountIdFor(asked.platformKey);
  if (platform !== null && settingsOf(objects, platform) === null)
    return controlError(404, "No such platform: open its account first");
  const known = settingsOf(objects, account) !== null;
  if (!known) seedAccount(context, account, asked.seed);
  const settings = { account, limits: asked.limits, webhookSecret: asked.webhookSecret, platform };
  const revision = objects.nextRevision(ROOT, settingsType, account);
  context.record({
    kind: "change",
    atMs: context.clock.nowMs(),
    account: ROOT,
    puts: [{ type: settingsType, id: account, revision, deleted: false, state: settings, about: null }],
    deliveries: [],
    saved: null,
    write: null,
  });
  const endpoint =
    asked.webhookUrl === undefined ? null : register(context, account, asked.webhookUrl, asked.enabledEvents);
  return { status: 200, body: { account, opened: !known, webhookEndpoint: endpoint } };
}

/** The one endpoint that this control keeps: asked twice, it registers once. */
function register(context: SandboxContext, account: string, url: string, events: readonly string[]): unknown {
  const wanted = { url, enabled_events: [...events], description: "Registered by the sandbox's control" };
  for (const known of context.objects.list(account, endpointType)) {
    if (known.deleted || known.state["description"] !== wanted.description) continue;
    const isWanted = isDeepStrictEqual({ ...known.state, ...wanted }, known.state);
    if (isWanted) return known.state;
    deleteEndpoint(context, account, known.id, cause);
  }
  const { reply, change } = createEndpoint(context, account, wanted, cause);
  change?.commit();
  return reply.body;
}

function changeAccount(context: SandboxContext, asked: ChangeRequest): Reply {
  const open = context.objects.list(ROOT, settingsType).map((stored) => stored.id);
  const account = asked.key === undefined ? (open.length === 1 ? open[0] : undefined) : accountIdFor(asked.key);
  if (account === undefined || !open.includes(account)) {
    return controlError(404, "No such account: name one by its key; POST /__sandbox/accounts opens one");
  }
  if (asked.type === "delete" && (asked.resource ?? "customers") !== "customers") {
    return controlError(400, `Stripe deletes no ${asked.resource}: of these resources only customers can go`);
  }
  if (context.pendingWebhooks() + asked.count > PENDING_MAX) {
    return controlError(409, `There are ${context.pendingWebhooks()} webhooks undelivered; wait for some to go out`);
  }
  return changeObjects(context, account, asked);
}
