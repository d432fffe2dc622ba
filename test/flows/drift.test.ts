import { describe, expect, test } from "vitest";
import * as z from "zod";
import { readShapeNote, shapesOwner } from "../../lib/engine/shape-note.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { jsonAnswer } from "../support/memory-ports.ts";
import { AcmeServer, chokingAmount, connectedPorts, connectionId } from "./support/acme.ts";
import { runUntilIdle } from "./support/world.ts";

const dayMs = 86_400_000;

async function noteOf(ports: MemoryPorts) {
  const stored = await ports.connections.readNote("acme", shapesOwner, "orders");
  return { revision: stored?.revision, note: stored === null ? null : readShapeNote(stored.body) };
}

/** Acme adds to every order that its list names. */
function adorned(ports: MemoryPorts, server: AcmeServer, adorn: (order: object) => unknown): void {
  ports.transport.respond((request) => {
    const { status, body } = server.answer(request.url);
    const items =
      new URL(request.url).pathname === "/v1/orders" ? z.object({ items: z.array(z.looseObject({})) }) : null;
    const page = items?.safeParse(body).data;
    return jsonAnswer(status, page === undefined ? body : { ...Object(body), items: page.items.map(adorn) });
  });
}

/** The next full pass. */
async function nextPass(ports: MemoryPorts): Promise<void> {
  ports.clock.advance(8 * dayMs);
  await runUntilIdle(ports);
}

const counted = (ports: MemoryPorts, name: string, kind?: string) => ports.metrics.total(name, kind);

describe("a resource's shape", () => {
  test("is learnt by its first run and not written again while nothing is new", async () => {
    const server = new AcmeServer(45);
    const ports = await connectedPorts(server);
    await runUntilIdle(ports);
    const first = await noteOf(ports);
    expect(first.note?.changes).toEqual([]);
    expect([...(first.note?.shape.paths.keys() ?? [])].toSorted()).toEqual(["", "amount", "id"]);
    await nextPass(ports);
    await nextPass(ports);
    expect((await noteOf(ports)).revision).toBe(first.revision);
  });

  test("that changes is told of once, by kind and without values, and the import goes on", async () => {
    const server = new AcmeServer(45);
    const ports = await connectedPorts(server);
    await runUntilIdle(ports);
    adorned(ports, server, (order) => ({ ...order, note: "for Ada" }));
    await nextPass(ports);
    const { note } = await noteOf(ports);
    expect(note?.changes).toMatchObject([{ kind: "added", severity: "harmless", path: "note", after: ["string"] }]);
    expect(counted(ports, "ShapeDrift", "added")).toBe(1);
    expect(JSON.stringify([note, ports.log.lines])).not.toContain("Ada");
    await nextPass(ports);
    expect(counted(ports, "ShapeDrift", "added")).toBe(1);
  });

  test("that breaks parks what does not fit, names the path and rings, and keeps the rest", async () => {
    const server = new AcmeServer(40);
    const ports = await connectedPorts(server);
    await runUntilIdle(ports);
    let nth = 0;
    adorned(ports, server, (order) => (nth++ % 10 < 3 ? { ...order, amount: "much" } : order));
    await nextPass(ports);
    const { note } = await noteOf(ports);
    expect(note?.changes.map(({ kind, severity, path }) => [kind, severity, path])).toEqual([
      ["retyped", "breaking", "amount"],
      ["refused", "breaking", "amount"],
    ]);
    expect(counted(ports, "UnfitPages")).toBe(4);
    const alerts = ports.log.lines.filter(({ message }) => message === "an import wants a person");
    const unfit = alerts.filter(({ fields }) => fields["alert"] === "unfit-page");
    expect(unfit).toHaveLength(4);
    expect(unfit[0]?.fields).toMatchObject({ resource: "orders", connectionId, items: 10, parked: 3 });
    expect(counted(ports, "SyncAlerts")).toBe(alerts.length);
    expect((await ports.connections.readResource("acme", connectionId, "orders"))?.lastError).toBeNull();
  });

  test("rings not for a fifth of a page, nor for few things", async () => {
    const server = new AcmeServer(29);
    const ports = await connectedPorts(server);
    for (const id of ["order-0", "order-1", "order-20", "order-21", "order-22"]) server.orders.set(id, chokingAmount);
    await runUntilIdle(ports);
    expect(counted(ports, "UnfitPages")).toBe(0);
    expect((await noteOf(ports)).note?.changes.map(({ path }) => path)).toEqual(["(mapping)"]);
  });
});
