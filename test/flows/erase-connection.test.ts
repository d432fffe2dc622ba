import { expect, test } from "vitest";
import { quietMs } from "../../lib/engine/erasure.ts";
import type { Erasure } from "../../lib/engine/erasure.ts";
import { eraseConnection } from "../../lib/flows/erase/erase-connection.ts";
import { createMemoryPorts, startMs } from "../support/memory-ports.ts";
import { connectionOf, failureOf } from "../support/port-values.ts";

const owner = { partner: "acme", connectionId: "acme_1" };

/** A connection whose erasure was begun, and whose workers are at their end. */
async function begun() {
  const ports = createMemoryPorts();
  const connection = connectionOf(owner);
  await ports.connections.create(connection);
  const mark: Erasure = {
    ...owner,
    stage: "erasing",
    tenantId: "tenant-1",
    account: null,
    quotaItem: null,
    resources: ["orders"],
    markedAtMs: startMs,
    revision: connection.revision + 1,
  };
  await ports.eraser.mark(mark);
  ports.clock.advance(quietMs);
  const step = async () => {
    const erasure = await ports.eraser.read(owner.partner, owner.connectionId);
    if (erasure === null) throw new Error("it has no mark");
    return eraseConnection(ports, erasure, ports.clock.nowMs() + 1_000);
  };
  return { ports, step };
}

test("what comes while other things are removed is no end: the mark says erased when nothing was found any more", async () => {
  const { ports, step } = await begun();
  const { clear } = ports.eraser;
  let late = true;
  ports.eraser.clear = async (kind, of) => {
    if (kind === "answers" && late) await ports.failures.record(failureOf(owner));
    if (kind === "answers") late = false;
    return clear.call(ports.eraser, kind, of);
  };
  expect(await step()).toMatchObject({ kind: "unfinished", why: "more-to-remove", removed: { failures: 1 } });
  expect(await ports.eraser.read(owner.partner, owner.connectionId)).toMatchObject({ stage: "erasing" });
  expect(await step()).toMatchObject({ kind: "done" });
  expect(ports.failures.all()).toEqual([]);
});

test("answers that take longer than a call are looked through from where the last one came to", async () => {
  const { ports, step } = await begun();
  const { clear } = ports.eraser;
  const from: (string | undefined)[] = [];
  ports.eraser.clear = async (kind, of) => {
    if (kind !== "answers") return clear.call(ports.eraser, kind, of);
    from.push(of.answersAfter);
    ports.clock.advance(600);
    const pages = Number(of.answersAfter ?? "0") + 1;
    return pages < 5 ? { removed: {}, left: true, answersAfter: String(pages) } : { removed: {}, left: false };
  };
  const steps = [await step(), await step(), await step()];
  expect(steps.map(({ kind }) => kind)).toEqual(["unfinished", "unfinished", "done"]);
  expect(from).toEqual([undefined, "1", "2", "3", "4"]);
  const erased = await ports.eraser.read(owner.partner, owner.connectionId);
  expect([erased?.stage, erased?.answersAfter]).toEqual(["erased", undefined]);
});
