import { afterAll, beforeAll } from "vitest";
import * as z from "zod";
import { resource } from "../../../lib/engine/define-partner.ts";
import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import type { Eraser } from "../../../lib/engine/erasure.ts";
import type { PartnerRegistry, PartnerSecret, Ports } from "../../../lib/engine/ports.ts";
import { registryOf } from "../../../lib/engine/registry.ts";
import type { Owner } from "../port-values.ts";

/** Ports that the suite runs on, and what it needs of the world behind them. */
export interface OpenedPorts {
  readonly ports: Ports & { readonly eraser: Eraser };
  readonly setSecret: (partner: string, secret: PartnerSecret | null) => void;
  readonly close: () => Promise<void>;
}

export type OpenPorts = (partners: PartnerRegistry) => Promise<OpenedPorts>;

/** Partners that the deployment knows; only the tests of lists over all partners write under these. */
export const knownPartners = ["known-a", "known-b"] as const;

/** Opens the ports for the tests of one describe block. */
export function usePorts(open: OpenPorts): () => OpenedPorts {
  let opened: OpenedPorts | null = null;
  beforeAll(async () => {
    opened = await open(registryOf(knownPartners.map(driverNamed)));
  });
  afterAll(async () => {
    await opened?.close();
  });
  return () => {
    if (opened === null) throw new Error("the ports are open in tests only");
    return opened;
  };
}

let owners = 0;

/** A connection of a partner that no other test writes under. */
export function freshOwner(): Owner {
  owners += 1;
  return ownerOf(`partner-${process.pid}-${owners}`, 1);
}

/** Connections of one partner; their ids spread over the shards. */
export function ownerOf(partner: string, index: number): Owner {
  return { partner, connectionId: `${partner}_${String(index).padStart(18, "A")}-${"m".repeat(16)}` };
}

export function driverNamed(name: string): PartnerDriver {
  const schema = z.object({ id: z.string() });
  const things = resource({
    model: { name: "thing", version: 1, schema },
    path: "/things",
    page: { request: () => ({ kind: "query", query: {} }), read: () => ({ items: [], next: null, total: null }) },
    onePath: (id) => `/things/${id}`,
    everyMs: 60_000,
    fullEveryMs: 86_400_000,
    increment: null,
    schema,
    id: (raw) => raw.id,
    toRecord: (raw) => raw,
  });
  return {
    name,
    title: name,
    docs: "https://example.com/docs",
    baseUrl: "https://api.example.com",
    auth: {
      kind: "header",
      header: "authorization",
      prefix: "Bearer ",
      field: "apiKey",
      credential: z.object({ apiKey: z.string() }),
    },
    limits: [],
    resources: { things },
  };
}

/** Walks a list forward to its end and back to its start, so that both directions are seen to agree. */
export async function walk<T>(
  list: (page: { limit: number; cursor: string | null }) => Promise<{
    readonly items: readonly T[];
    readonly next: string | null;
    readonly previous: string | null;
    readonly total: number;
  }>,
  limit: number,
): Promise<{ readonly forward: T[]; readonly back: T[]; readonly total: number; readonly pages: number }> {
  const pages: T[][] = [];
  let page = await list({ limit, cursor: null });
  const { total } = page;
  pages.push([...page.items]);
  while (page.next !== null && pages.length < 500) {
    page = await list({ limit, cursor: page.next });
    pages.push([...page.items]);
  }
  const back: T[][] = [[...page.items]];
  while (page.previous !== null && back.length < 500) {
    page = await list({ limit, cursor: page.previous });
    back.unshift([...page.items]);
  }
  return { forward: pages.flat(), back: back.flat(), total, pages: pages.length };
}

export async function allOf<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => make(index)));
}
