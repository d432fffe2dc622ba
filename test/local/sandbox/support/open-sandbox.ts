import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Stripe } from "stripe";
import { onTestFinished } from "vitest";
import * as z from "zod";
import type { SandboxClock } from "../../../../lib/local/sandbox/clock.ts";
import { startSandboxes } from "../../../../lib/local/sandbox/run.ts";
import { sandbox } from "../../../../lib/partners/stripe/sandbox.ts";

export const testKey = "sk_test_sandboxExample0001";

/** High enough that tests which are not about limits never meet one. */
export const noLimits = { globalPerSecond: 100_000, endpointPerSecond: 100_000 };

export interface OpenSandbox {
  readonly url: string;
  readonly dataDir: string;
  readonly stripe: Stripe;
  /** A request to the API with the account's key. */
  call(path: string, init?: RequestInit): Promise<Response>;
  /** A control request; throws when it is refused. */
  control(method: string, path: string, body?: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

export interface OpenOptions {
  readonly clock?: SandboxClock;
  readonly dataDir?: string;
  readonly account?: unknown;
}

/** A running Stripe sandbox with one account, gone when the test is. */
export async function openSandbox(options: OpenOptions = {}): Promise<OpenSandbox> {
  const dataDir = options.dataDir ?? temporaryFolder();
  const running = await startSandboxes([sandbox], {
    dataDir,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  });
  onTestFinished(() => running.stop());
  const open = connect(running.addresses["stripe"] ?? "", dataDir, () => running.stop());
  if (options.account !== null)
    await open.control("POST", "/__sandbox/accounts", { key: testKey, limits: noLimits, ...asObject(options.account) });
  return open;
}

export function connect(url: string, dataDir: string, stop: () => Promise<void>): OpenSandbox {
  const { hostname, port } = new URL(url);
  return {
    url,
    dataDir,
    stripe: new Stripe(testKey, { host: hostname, port, protocol: "http", maxNetworkRetries: 0, telemetry: false }),
    call: (path, init) =>
      fetch(`${url}${path}`, { ...init, headers: { authorization: `Bearer ${testKey}`, ...asHeaders(init) } }),
    async control(method, path, body) {
      const response = await fetch(`${url}${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const answer: unknown = await response.json();
      if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${JSON.stringify(answer)}`);
      return answer;
    },
    stop,
  };
}

/** A folder that is gone when the test is. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-sandbox-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const LedgerObjects = z.object({
  objects: z.array(
    z.object({
      type: z.string(),
      id: z.string(),
      revision: z.int(),
      deleted: z.boolean(),
      state: z.record(z.string(), z.unknown()),
      revisionsServed: z.int(),
      revisionsServedAsSnapshot: z.int(),
      revisionsDelivered: z.int(),
      revisionsPerhapsServed: z.int(),
      singleGets: z.int(),
      singleGetsPerhaps: z.int(),
    }),
  ),
  next: z.int().nullable(),
});
export type LedgerObject = z.infer<typeof LedgerObjects>["objects"][number];

/** Every object of the ledger, page by page. */
export async function ledgerObjects(open: OpenSandbox, filter = ""): Promise<readonly LedgerObject[]> {
  const objects: LedgerObject[] = [];
  for (let after: number | null = 0; after !== null;) {
    const page: z.infer<typeof LedgerObjects> = LedgerObjects.parse(
      await open.control("GET", `/__sandbox/ledger/objects?after=${after}&limit=1000${filter}`),
    );
    objects.push(...page.objects);
    after = page.next;
  }
  return objects;
}

const RequestCounts = z.object({
  served: z.int(),
  incomplete: z.int(),
  violations: z.int(),
  refused: z.int(),
  deliberate: z.int(),
});
const WebhookCounts = z.object({
  deliveries: z.int(),
  attempts: z.int(),
  accepted: z.int(),
  refused: z.int(),
  unanswered: z.int(),
  gaveUp: z.int(),
});
const Summary = z.object({
  requests: z.record(z.string(), RequestCounts),
  deliberate: z.record(z.string(), z.int()),
  violations: z.object({
    total: z.int(),
    byScope: z.record(z.string(), z.int()),
    recent: z.array(
      z.looseObject({ scope: z.string(), count: z.int(), atMs: z.number(), endpoint: z.string(), limit: z.int() }),
    ),
  }),
  writes: z.record(z.string(), z.int()),
  webhooks: z.object({
    events: z.int(),
    pending: z.int(),
    forgedAccepted: z.int(),
    byTrick: z.record(z.string(), WebhookCounts),
  }),
});

export async function ledgerSummary(open: OpenSandbox): Promise<z.infer<typeof Summary>> {
  return Summary.parse(await open.control("GET", "/__sandbox/ledger"));
}

const Changed = z.object({
  events: z.array(
    z.object({
      id: z.string(),
      type: z.string(),
      object: z.tuple([z.string(), z.string(), z.int()]),
      deliveries: z.int(),
    }),
  ),
  objects: z.array(z.tuple([z.string(), z.string(), z.int()])),
});

export async function change(open: OpenSandbox, body: unknown): Promise<z.infer<typeof Changed>> {
  return Changed.parse(await open.control("POST", "/__sandbox/change", body));
}

const StripeErrorBody = z.object({
  error: z.object({ type: z.string(), code: z.string().optional(), param: z.string().optional(), message: z.string() }),
});

/** The error in an answer of Stripe's form. */
export async function errorIn(response: Response): Promise<z.infer<typeof StripeErrorBody>["error"]> {
  return StripeErrorBody.parse(await response.json()).error;
}

/** The id of what Stripe's types allow to be expanded, and the sandbox never expands. */
export function idOf(field: unknown): string {
  return z.string().parse(field);
}

function asObject(value: unknown): Record<string, unknown> {
  return z.record(z.string(), z.unknown()).parse(value ?? {});
}

function asHeaders(init: RequestInit | undefined): Record<string, string> {
  return Object.fromEntries(new Headers(init?.headers).entries());
}
