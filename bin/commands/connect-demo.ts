import * as z from "zod";
import type { PlayPartner } from "../../lib/local/world/open-world.ts";
import type { ApiClient } from "./api-client.ts";
import { ConnectionDetail } from "./api-shapes.ts";

/** One change at the partner: the object, and the state of it that the change made. */
export interface DemoChange {
  readonly resource: string;
  readonly id: string;
  readonly revision: number;
}

export interface DemoConnection {
  readonly partner: PlayPartner;
  readonly connectionId: string;
}

const tenantId = "demo";
const Anything = z.unknown();
/** `[type, id, revision]`, as the ledger names objects. */
const ChangeAnswer = z.object({ objects: z.array(z.tuple([z.string(), z.string(), z.number()])) });

/**
 * Opens an account at the partner's sandbox, connects it, and has its webhooks sent to the connection's own address.
 * The account comes first, or an import could begin before there is one; safe to repeat after any of its steps.
 */
export async function connectDemo(
  world: { readonly stack: { readonly url: string } },
  api: ApiClient,
  partner: PlayPartner,
  size: "demo" | "smoke",
): Promise<DemoConnection> {
  const { demo, client, name } = partner;
  await client.control("POST", "accounts", demo.account(size), Anything);
  const connection = (await findConnection(api, name)) ?? (await createConnection(api, partner));
  const webhookUrl = world.stack.url + connection.webhookPath;
  await client.control("POST", "accounts", { ...demo.account(size), webhookUrl }, Anything);
  return { partner, connectionId: connection.id };
}

/** Lets `count` things happen at the partner, each telling of itself by webhook as `webhooks` says. */
export async function changeAtPartner(
  partner: PlayPartner,
  change: {
    readonly type: "create" | "update" | "delete";
    readonly count: number;
    readonly webhooks?: Readonly<Record<string, unknown>>;
  },
): Promise<readonly DemoChange[]> {
  const answer = await partner.client.control(
    "POST",
    "change",
    { ...partner.demo.accountKey, ...change },
    ChangeAnswer,
  );
  return answer.objects.map(([type, id, revision]) => ({
    resource: partner.demo.resourceOf[type] ?? type,
    id,
    revision,
  }));
}

async function findConnection(api: ApiClient, partner: string): Promise<ConnectionDetail | null> {
  const known = await api.list(`/connections?tenantId=${tenantId}`, ConnectionDetail, 1_000);
  return known.find((connection) => connection.partner === partner) ?? null;
}

async function createConnection(api: ApiClient, partner: PlayPartner): Promise<ConnectionDetail> {
  const { name, demo } = partner;
  const { webhookSecret, connectionAccount: account = null } = demo;
  const credential = await credentialOf(partner);
  const body = { partner: name, tenantId, name: `${name}, demonstration`, account, credential, webhookSecret };
  return api.send("POST", "/connections", body, ConnectionDetail);
}

/** Where a person would say yes in a browser, the sandbox gives its tokens without one. */
async function credentialOf({ demo, client }: PlayPartner): Promise<unknown> {
  const { credential, grant } = demo;
  return grant === undefined ? credential : client.control("POST", "oauth/grants", grant, Anything);
}
