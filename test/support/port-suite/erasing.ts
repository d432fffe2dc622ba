import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { addRemains, noRemains, remainKinds } from "../../../lib/engine/erasure.ts";
import type { Erasure, KeptKey, Remains } from "../../../lib/engine/erasure.ts";
import { historyOf } from "../../../lib/engine/history.ts";
import type { Job, WebhookWork } from "../../../lib/engine/job.ts";
import { mentions } from "../../../lib/engine/person-match.ts";
import { startMs } from "../memory/clock.ts";
import { candidateOf, connectionOf, failureOf, resourceOf, runOf, webhookJob } from "../port-values.ts";
import type { Owner } from "../port-values.ts";
import { freshOwner, ownerOf, usePorts } from "./opened.ts";
import type { OpenedPorts, OpenPorts } from "./opened.ts";

const resource = "things";
const page = { limit: 10, cursor: null };
/** Random, so that compressing does not make it fit. */
const large = randomBytes(450_000).toString("base64");

function markOf(owner: Owner, changes: Partial<Erasure> = {}): Erasure {
  return {
    ...owner,
    stage: "erasing",
    tenantId: "tenant-of-the-mark",
    account: null,
    quotaItem: null,
    resources: [resource, "others"],
    markedAtMs: startMs,
    revision: 2,
    ...changes,
  };
}

/** A connection that has something of every kind, and five of most. */
async function fill({ ports }: OpenedPorts, owner: Owner): Promise<void> {
  await ports.connections.create(connectionOf(owner));
  await ports.connections.createResource(resourceOf(owner));
  await ports.credentials.overwrite(owner, { apiKey: "a key" });
  const scope = { ...owner, resource };
  for (let number = 0; number < 5; number++) {
    const data = number === 0 ? { large } : { email: `person-${number}@example.com` };
    await ports.records.write(scope, candidateOf({ externalId: `thing-${number}`, data }), null);
    const stored = await ports.records.read(scope, `thing-${number}`);
    if (stored === null) throw new Error("it was not written");
    for (const version of [1, 2]) await ports.history.append({ ...historyOf(null, stored), version });
    await ports.failures.record(failureOf(owner, { failureId: `record-things-thing-${number}` }));
    await ports.runs.create(runOf(owner, { runId: `run-${number}` }));
    const until = { connectionId: owner.connectionId, reason: "paused", untilMs: startMs };
    await ports.parked.park(webhookJob(owner, { id: `webhook-${number}` }), until);
  }
  await ports.claims.put(owner, Buffer.from("a body that was too large for the queue"));
}

async function clearAll({ ports }: OpenedPorts, mark: Erasure): Promise<Remains> {
  let removed = noRemains;
  for (const kind of remainKinds) {
    for (let calls = 0, left = true; left && calls < 50; calls++) {
      const cleared = await ports.eraser.clear(kind, mark);
      removed = addRemains(removed, cleared.removed);
      left = cleared.left;
    }
  }
  return removed;
}

async function countAll({ ports }: OpenedPorts, mark: Erasure): Promise<Remains> {
  let counts = noRemains;
  let next: string | null = null;
  do {
    const counted: Awaited<ReturnType<typeof ports.eraser.count>> = await ports.eraser.count(mark, next);
    counts = addRemains(counts, counted.counts);
    next = counted.next;
  } while (next !== null);
  return counts;
}

export function describeEraser(open: OpenPorts): void {
  describe("erasing", () => {
    const opened = usePorts(open);
    const ports = () => opened().ports;

    it("begins with a mark in the connection's place: it is gone for everybody, and found by its tenant alone", async () => {
      const owner = freshOwner();
      const connection = connectionOf(owner, { account: "acct-1", tenantId: `tenant of ${owner.partner}` });
      await ports().connections.create(connection);
      const { connectionId, partner } = owner;
      expect(await ports().connections.isGone(partner, { connectionId })).toBe(false);
      expect(await ports().connections.isGone(partner, { account: "acct-1" })).toBe(false);
      const mark = markOf(owner, {
        tenantId: connection.tenantId,
        account: "acct-1",
        revision: connection.revision + 1,
      });
      expect(await ports().eraser.mark(mark)).toBe("stored");
      expect(await ports().eraser.mark(mark)).toBe("superseded");
      expect(await ports().eraser.read(partner, connectionId)).toEqual(mark);
      expect(await ports().connections.read(partner, connectionId)).toBeNull();
      expect(await ports().connections.findByAccount(partner, "acct-1")).toBeNull();
      expect((await ports().connections.list(connection.tenantId, page)).items).toEqual([]);
      expect(await ports().connections.isGone(partner, { connectionId })).toBe(true);
      expect(await ports().connections.isGone(partner, { account: "acct-1" })).toBe(true);
      expect(await ports().eraser.ofTenant(connection.tenantId, 10)).toEqual([mark]);
      const late = { ...connection, name: "changed meanwhile", revision: connection.revision + 1 };
      expect(await ports().connections.compareAndSet(late)).toBe("superseded");
      await ports().connections.remove(partner, connectionId);
      expect(await ports().eraser.read(partner, connectionId)).toEqual(mark);
    });

    it("leaves a mark that no longer says whose it was, and lets its account be connected anew", async () => {
      const owner = freshOwner();
      const connection = connectionOf(owner, { account: "acct-1", tenantId: `tenant of ${owner.partner}` });
      await ports().connections.create(connection);
      const mark = markOf(owner, {
        tenantId: connection.tenantId,
        account: "acct-1",
        revision: connection.revision + 1,
      });
      await ports().eraser.mark(mark);
      await clearAll(opened(), mark);
      const further = { ...mark, answersAfter: "an answer's key", revision: mark.revision + 1 };
      expect(await ports().eraser.mark(further)).toBe("stored");
      expect(await ports().eraser.read(owner.partner, owner.connectionId)).toEqual(further);
      const bare = { ...mark, stage: "erased", tenantId: null, account: null, revision: mark.revision + 2 } as const;
      expect(await ports().eraser.mark(bare)).toBe("stored");
      expect(await ports().eraser.ofTenant(connection.tenantId, 10)).toEqual([]);
      expect(await ports().connections.isGone(owner.partner, { connectionId: owner.connectionId })).toBe(true);
      const again = connectionOf(ownerOf(owner.partner, 2), { account: "acct-1" });
      expect(await ports().connections.create(again)).toBe("created");
      expect((await ports().connections.findByAccount(owner.partner, "acct-1"))?.connectionId).toBe(again.connectionId);
    });
  });

  describeMarks(open);
  describeRemoving(open);
  describeKept(open);
}

function describeMarks(open: OpenPorts): void {
  describe("a mark", () => {
    const opened = usePorts(open);
    const ports = () => opened().ports;

    it("keeps nobody from the tenant's connections that are still there, however many stand before them", async () => {
      const { partner } = freshOwner();
      const tenantId = `tenant of ${partner}`;
      for (let index = 0; index < 12; index++) {
        const owner = ownerOf(partner, index);
        await ports().connections.create(connectionOf(owner, { tenantId, createdAtMs: startMs + index }));
        if (index < 11) await ports().eraser.mark(markOf(owner, { tenantId, stage: "removed" }));
      }
      const first = await ports().connections.list(tenantId, { limit: 3, cursor: null });
      expect([first.items.map(({ connectionId }) => connectionId), first.total]).toEqual([
        [ownerOf(partner, 11).connectionId],
        1,
      ]);
      expect(await ports().eraser.ofTenant(tenantId, 20)).toHaveLength(11);
    });
  });
}

const person = "ada@example.com";

/** A webhook whose payload names somebody, in one of the forms that a payload can have. */
function webhookNaming(owner: Owner, id: string, body: WebhookWork["body"]): Job {
  const work = { kind: "webhook", receivedAtMs: startMs, contentType: "application/json", body } as const;
  return { ...webhookJob(owner, { id }), work };
}

/** Each form in which a person may be kept, as a failure and as a parked job, and one of each that names nobody. */
async function keepPerson({ ports }: OpenedPorts, owner: Owner): Promise<void> {
  const text = (said: string) => ({ kind: "text", text: JSON.stringify({ email: said }) }) as const;
  const base64 = { kind: "base64", base64: Buffer.from(person).toString("base64") } as const;
  const bytes = Buffer.from(JSON.stringify({ email: person }));
  const claim = { kind: "claim", key: await ports.claims.put(owner, bytes), bytes: bytes.byteLength } as const;
  const tooLarge = text(`${person} ${large.slice(0, 350_000)}`);
  const bodies = { inline: text(person), base64, claimed: claim, large: tooLarge, nobody: text("bob@example.com") };
  for (const [form, body] of Object.entries(bodies)) {
    const job = webhookNaming(owner, `webhook-${form}`, body);
    await ports.failures.record(failureOf(owner, { failureId: `failed-${form}`, job }));
    const until = { connectionId: owner.connectionId, reason: "paused", untilMs: startMs };
    await ports.parked.park(job, until);
  }
  await ports.failures.record(
    failureOf(owner, { failureId: "record-things-1", job: null, raw: `{"email":"${person}` }),
  );
  await ports.claims.put(owner, Buffer.from(`handled long ago: ${person}`));
  await ports.claims.put(owner, Buffer.from("handled long ago: bob@example.com"));
}

async function keptOf({ ports }: OpenedPorts, owner: Owner) {
  const items: (KeptKey & { readonly texts: readonly string[] })[] = [];
  let next: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof ports.eraser.kept>> = await ports.eraser.kept(owner, next);
    for (const { kind, id, texts: said } of page.items) {
      const texts: string[] = [];
      for await (const text of said()) texts.push(text);
      items.push({ kind, id, texts });
    }
    next = page.next;
  } while (next !== null);
  return items;
}

function describeKept(open: OpenPorts): void {
  describe("what is kept beside records", () => {
    const opened = usePorts(open);
    const ports = () => opened().ports;

    it("is read with all that it says, in whatever form, and goes alone, with its bodies", async () => {
      const owner = freshOwner();
      const other = ownerOf(owner.partner, 2);
      await keepPerson(opened(), owner);
      await ports().failures.record(failureOf(other, { failureId: "failed", job: null, raw: person }));
      const naming = async (of: Owner) =>
        (await keptOf(opened(), of)).filter(({ texts }) => texts.some((said) => mentions(said, person)));
      const named = await naming(owner);
      // Whoever stops in the middle of a page goes on after the last that was looked at.
      const [first, second] = (await ports().eraser.kept(owner, null)).items;
      const [further] = (await ports().eraser.kept(owner, first?.place ?? null)).items;
      expect([further?.kind, further?.id]).toEqual([second?.kind, second?.id]);
      const countOf = (kind: KeptKey["kind"]) => named.filter((each) => each.kind === kind).length;
      expect([countOf("failure"), countOf("job")]).toEqual([5, 4]);
      const removed = await ports().eraser.clearKept(
        owner,
        named.filter(({ kind }) => kind !== "body"),
      );
      expect([removed.failures, removed.runs]).toEqual([5, 4]);
      // Their bodies went with them; this one was nobody's any more.
      const bodies = await naming(owner);
      expect(bodies.map(({ texts }) => texts[0])).toEqual([`handled long ago: ${person}`]);
      expect(await ports().eraser.clearKept(owner, bodies)).toMatchObject({ objects: 1 });
      expect(await naming(owner)).toEqual([]);
      const left = await keptOf(opened(), owner);
      expect(left.map(({ kind }) => kind).toSorted()).toEqual(["body", "failure", "job"]);
      expect(left.every(({ texts }) => texts.some((said) => mentions(said, "bob@example.com")))).toBe(true);
      expect(await ports().parked.count(owner.partner, owner.connectionId)).toBe(1);
      expect((await naming(other)).length).toBe(1);
    });
  });
}

function describeRemoving(open: OpenPorts): void {
  describe("what is erased", () => {
    const opened = usePorts(open);
    const ports = () => opened().ports;

    it("goes kind by kind, all that there is of a connection, says how much, and leaves another's", async () => {
      const owner = freshOwner();
      const other = ownerOf(owner.partner, 2);
      for (const each of [owner, other]) await fill(opened(), each);
      const mark = markOf(owner);
      await ports().eraser.mark(mark);
      const before = await countAll(opened(), mark);
      expect(before).toMatchObject({ records: 5, history: 10, failures: 5 });
      const removed = await clearAll(opened(), mark);
      expect(removed).toMatchObject({ records: 5, history: 10, failures: 5 });
      expect(removed.runs).toBeGreaterThanOrEqual(10);
      expect(removed.objects).toBeGreaterThan(0);
      expect(await countAll(opened(), mark)).toEqual(noRemains);
      expect(await ports().credentials.read(owner, { fresh: true })).toBeNull();
      expect(await ports().parked.count(owner.partner, owner.connectionId)).toBe(0);
      expect(await countAll(opened(), markOf(other))).toMatchObject({ records: 5, history: 10, failures: 5 });
      expect(await ports().parked.count(owner.partner, other.connectionId)).toBe(5);
      expect((await ports().records.read({ ...other, resource }, "thing-0"))?.data).toEqual({ large });
    });

    it("of single things is all their states and what failed of them, and nothing of others", async () => {
      const owner = freshOwner();
      await fill(opened(), owner);
      const scope = { ...owner, resource };
      const removed = await ports().eraser.clearRecords(scope, ["thing-0", "thing-3", "never-there"]);
      expect(removed).toEqual({ records: 2, history: 4, failures: 2 });
      expect(await ports().records.read(scope, "thing-3")).toBeNull();
      expect(await ports().history.list(scope, "thing-3", 10)).toEqual([]);
      expect(await ports().history.list(scope, "thing-4", 10)).toHaveLength(2);
      expect(await countAll(opened(), markOf(owner))).toMatchObject({ records: 3, history: 6, failures: 3 });
    });
  });
}
