import { describe, expect, it } from "vitest";
import { startMs } from "../memory/clock.ts";
import { connectionOf, resourceOf } from "../port-values.ts";
import { allOf, freshOwner, ownerOf, usePorts, walk } from "./opened.ts";
import type { OpenPorts } from "./opened.ts";

export function describeConnectionStore(open: OpenPorts): void {
  describe("connections", () => {
    const opened = usePorts(open);
    const connections = () => opened().ports.connections;

    it("come back as they were stored, and a second create leaves the first", async () => {
      const owner = freshOwner();
      const connection = connectionOf(owner, {
        settings: { mode: "live" },
        sealedWebhookSecret: "sealed",
        account: `acct-${owner.partner}`,
        subscription: {
          wanted: true,
          url: "https://hooks.example.com/webhooks/a",
          id: "we_1",
          expiresAtMs: null,
          checkedAtMs: startMs,
          nextLookMs: startMs + 2,
          wishedAtMs: startMs,
          error: { atMs: startMs, code: "http-400", message: "no" },
        },
        credential: { storedAtMs: startMs, expiresAtMs: startMs + 1, nextLookMs: startMs + 1 },
      });
      expect(await connections().read(owner.partner, owner.connectionId)).toBeNull();
      expect(await connections().create(connection)).toBe("created");
      expect(await connections().create({ ...connection, name: "Another" })).toBe("exists");
      expect(await connections().read(owner.partner, owner.connectionId)).toEqual(connection);
    });

    it("change only from the revision that is stored, and for one of many at once", async () => {
      const owner = freshOwner();
      await connections().create(connectionOf(owner));
      expect(await connections().compareAndSet(connectionOf(owner, { revision: 3 }))).toBe("superseded");
      expect(await connections().compareAndSet(connectionOf(freshOwner(), { revision: 2 }))).toBe("superseded");
      const results = await allOf(6, (index) =>
        connections().compareAndSet(connectionOf(owner, { revision: 2, name: `writer-${index}` })),
      );
      expect(results.filter((result) => result === "stored")).toHaveLength(1);
      const stored = await connections().read(owner.partner, owner.connectionId);
      expect(stored?.name).toBe(`writer-${results.indexOf("stored")}`);
    });
  });

  describeNotes(open);
  describeLooks(open);
  describeConnectionLists(open);

  describeAccounts(open);
  describeResources(open);
}

function describeLooks(open: OpenPorts): void {
  describe("connections that are to be looked at", () => {
    const opened = usePorts(open);
    const connections = () => opened().ports.connections;
    const lookAt = (nextLookMs: number) => ({ storedAtMs: startMs, expiresAtMs: null, nextLookMs });

    it("are found over all shards of the partner, the longest overdue first, apart from resources that are due", async () => {
      const { partner } = freshOwner();
      const looks = [70, 10, 50, 30, 60, 20];
      await allOf(looks.length, (index) =>
        connections().create(
          connectionOf(ownerOf(partner, index), { credential: lookAt(startMs + (looks[index] ?? 0)) }),
        ),
      );
      await connections().create(connectionOf(ownerOf(partner, 98)));
      await connections().create(connectionOf(freshOwner(), { credential: lookAt(startMs) }));
      await connections().createResource(resourceOf(ownerOf(partner, 1), { nextDueMs: startMs }));
      const found = await connections().dueLooks(partner, startMs + 50, 3);
      expect(found.map((each) => (each.credential?.nextLookMs ?? 0) - startMs)).toEqual([10, 20, 30]);
      expect(await connections().dueLooks(partner, startMs + 50, 100)).toHaveLength(4);
      expect(await connections().due(partner, startMs + 50, 100)).toHaveLength(1);
    });

    it("are found no more when they were looked at, and go with their connection", async () => {
      const owner = freshOwner();
      await connections().create(connectionOf(owner, { credential: lookAt(startMs) }));
      const due = async () => (await connections().dueLooks(owner.partner, startMs, 10)).length;
      expect(await due()).toBe(1);
      await connections().compareAndSet(connectionOf(owner, { revision: 2, credential: lookAt(startMs + 1) }));
      expect(await due()).toBe(0);
      await connections().compareAndSet(connectionOf(owner, { revision: 3, credential: lookAt(startMs) }));
      expect(await due()).toBe(1);
      await connections().remove(owner.partner, owner.connectionId);
      expect(await due()).toBe(0);
    });
  });
}

function describeNotes(open: OpenPorts): void {
  describe("notes", () => {
    const opened = usePorts(open);
    const connections = () => opened().ports.connections;

    it("are stored by the first of many, change from the stored revision, and go with their connection", async () => {
      const { partner, connectionId } = freshOwner();
      await connections().create(connectionOf({ partner, connectionId }));
      const note = { partner, owner: connectionId, name: "orders", revision: 1, body: { ids: ["a"], of: null } };
      expect(await connections().readNote(partner, connectionId, "orders")).toBeNull();
      const first = await allOf(4, () => connections().writeNote(note));
      expect(first.filter((result) => result === "stored")).toHaveLength(1);
      expect(await connections().writeNote({ ...note, revision: 3 })).toBe("superseded");
      expect(await connections().writeNote({ ...note, revision: 2, body: { ids: [] } })).toBe("stored");
      expect(await connections().readNote(partner, connectionId, "orders")).toMatchObject({ body: { ids: [] } });
      const others = { ...note, owner: "shapes" };
      expect(await connections().writeNote(others)).toBe("stored");
      await connections().remove(partner, connectionId);
      expect(await connections().readNote(partner, connectionId, "orders")).toBeNull();
      expect(await connections().readNote(partner, "shapes", "orders")).toEqual(others);
    });
  });
}

function describeConnectionLists(open: OpenPorts): void {
  describe("connections as a whole", () => {
    const opened = usePorts(open);
    const connections = () => opened().ports.connections;

    it("are listed for their tenant and for everybody, in order of creation, forward and back", async () => {
      const { partner } = freshOwner();
      const tenantId = `tenant-${partner}`;
      await allOf(9, (index) =>
        connections().create(
          connectionOf(ownerOf(partner, index), { tenantId, createdAtMs: startMs + ((index * 5) % 9) }),
        ),
      );
      await connections().create(connectionOf(freshOwner(), { tenantId: `${tenantId}-other` }));
      const own = await walk((page) => connections().list(tenantId, page), 4);
      expect(own.forward.map((connection) => connection.createdAtMs - startMs)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
      expect(own.back).toEqual(own.forward);
      expect(own.total).toBe(9);

      const all = await walk((page) => connections().list(null, page), 3);
      expect(all.back).toEqual(all.forward);
      expect(all.total).toBe(all.forward.length);
      expect(all.forward.filter((connection) => connection.tenantId === tenantId)).toEqual(own.forward);
      const times = all.forward.map((connection) => connection.createdAtMs);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    });

    it("are removed with their credential and their resources, and can be made again", async () => {
      const owner = freshOwner();
      const connection = connectionOf(owner, { account: `acct-${owner.partner}` });
      await connections().create(connection);
      await connections().createResource(resourceOf(owner));
      await opened().ports.credentials.replace(owner, null, { apiKey: "k" });
      await connections().remove(owner.partner, owner.connectionId);
      expect(await connections().read(owner.partner, owner.connectionId)).toBeNull();
      expect(await connections().listResources(owner.partner, owner.connectionId)).toEqual([]);
      expect(await connections().due(owner.partner, startMs, 10)).toEqual([]);
      expect(await connections().findByAccount(owner.partner, `acct-${owner.partner}`)).toBeNull();
      expect(await connections().create(connection)).toBe("created");
      await connections().remove(owner.partner, "never-made");
    });
  });
}

function describeAccounts(open: OpenPorts): void {
  describe("accounts", () => {
    const opened = usePorts(open);
    const connections = () => opened().ports.connections;

    it("lead to the connection that holds them, at their own partner", async () => {
      const owner = freshOwner();
      const connection = connectionOf(owner, { account: "acct#1" });
      await connections().create(connection);
      expect(await connections().findByAccount(owner.partner, "acct#1")).toEqual(connection);
      expect(await connections().findByAccount(owner.partner, "acct#2")).toBeNull();
      expect(await connections().findByAccount(freshOwner().partner, "acct#1")).toBeNull();
    });

    it("belong to one connection: another is not made", async () => {
      const { partner } = freshOwner();
      await connections().create(connectionOf(ownerOf(partner, 1), { account: "acct-1" }));
      expect(await connections().create(connectionOf(ownerOf(partner, 2), { account: "acct-1" }))).toBe("exists");
      expect(await connections().read(partner, ownerOf(partner, 2).connectionId)).toBeNull();
      expect((await connections().findByAccount(partner, "acct-1"))?.connectionId).toBe(
        ownerOf(partner, 1).connectionId,
      );
    });

    it("are never held by two that are made at once", async () => {
      for (let round = 0; round < 5; round += 1) {
        const { partner } = freshOwner();
        const made = await allOf(4, (index) =>
          connections().create(connectionOf(ownerOf(partner, index), { account: "acct-1" })),
        );
        const there = await allOf(4, (index) => connections().read(partner, ownerOf(partner, index).connectionId));
        expect(made.filter((result) => result === "created").length).toBeLessThanOrEqual(1);
        expect(there.map((connection) => connection !== null)).toEqual(made.map((result) => result === "created"));
      }
    });

    it("follow a connection that changes its own, and are free again when it goes", async () => {
      const { partner } = freshOwner();
      const first = connectionOf(ownerOf(partner, 1), { account: "acct-1" });
      await connections().create(first);
      await connections().compareAndSet({ ...first, account: "acct-2", revision: 2 });
      expect(await connections().findByAccount(partner, "acct-1")).toBeNull();
      expect((await connections().findByAccount(partner, "acct-2"))?.connectionId).toBe(first.connectionId);
      expect(await connections().create(connectionOf(ownerOf(partner, 2), { account: "acct-1" }))).toBe("created");
      await connections().remove(partner, first.connectionId);
      expect(await connections().create(connectionOf(ownerOf(partner, 3), { account: "acct-2" }))).toBe("created");
    });
  });
}

function describeResources(open: OpenPorts): void {
  describe("resources of connections", () => {
    const opened = usePorts(open);
    const connections = () => opened().ports.connections;

    it("come back as they were stored, alone and all of one connection", async () => {
      const owner = freshOwner();
      const { partner, connectionId } = owner;
      const full = resourceOf(owner, {
        resource: "all set",
        activeRunId: "run-1",
        watermarkMs: 1,
        fullPassAtMs: 2,
        refreshAsked: { atMs: 5, full: true },
        succeededAtMs: 3,
        lastError: { atMs: 4, code: "bad", kind: "data" },
      });
      const empty = resourceOf(owner, { resource: "empty", nextDueMs: null });
      for (const state of [empty, full]) expect(await connections().createResource(state)).toBe("created");
      expect(await connections().createResource({ ...full, watermarkMs: 9 })).toBe("exists");
      await connections().create(connectionOf(owner));
      expect(await connections().readResource(partner, connectionId, "all set")).toEqual(full);
      expect(await connections().readResource(partner, connectionId, "none")).toBeNull();
      expect(await connections().listResources(partner, connectionId)).toEqual([full, empty]);
    });

    it("change only from the revision that is stored, and for one of many at once", async () => {
      const owner = freshOwner();
      await connections().createResource(resourceOf(owner));
      expect(await connections().compareAndSetResource(resourceOf(owner, { revision: 4 }))).toBe("superseded");
      const results = await allOf(6, (index) =>
        connections().compareAndSetResource(resourceOf(owner, { revision: 2, watermarkMs: index })),
      );
      expect(results.filter((result) => result === "stored")).toHaveLength(1);
      const stored = await connections().readResource(owner.partner, owner.connectionId, "things");
      expect(stored?.watermarkMs).toBe(results.indexOf("stored"));
    });

    it("that are due are found over all shards of the partner, oldest first, as many as asked for", async () => {
      const { partner } = freshOwner();
      const dues = [70, 10, 50, 30, 60, 20, 40, 80];
      await allOf(dues.length, (index) =>
        connections().createResource(resourceOf(ownerOf(partner, index), { nextDueMs: startMs + (dues[index] ?? 0) })),
      );
      await connections().createResource(resourceOf(ownerOf(partner, 99), { nextDueMs: null }));
      await connections().createResource(resourceOf(freshOwner(), { nextDueMs: startMs }));
      const found = await connections().due(partner, startMs + 50, 3);
      expect(found.map((state) => (state.nextDueMs ?? 0) - startMs)).toEqual([10, 20, 30]);
      expect(await connections().due(partner, startMs + 50, 100)).toHaveLength(5);
      expect(await connections().due(partner, startMs, 100)).toEqual([]);
    });

    it("are due no more when they were moved or taken off the schedule", async () => {
      const owner = freshOwner();
      await connections().createResource(resourceOf(owner));
      const due = async () => (await connections().due(owner.partner, startMs, 10)).length;
      expect(await due()).toBe(1);
      await connections().compareAndSetResource(resourceOf(owner, { revision: 2, nextDueMs: startMs + 1 }));
      expect(await due()).toBe(0);
      await connections().compareAndSetResource(resourceOf(owner, { revision: 3, nextDueMs: startMs }));
      expect(await due()).toBe(1);
      await connections().compareAndSetResource(resourceOf(owner, { revision: 4, nextDueMs: null }));
      expect(await due()).toBe(0);
    });
  });
}
