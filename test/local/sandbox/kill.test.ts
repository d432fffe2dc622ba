import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { createRandom } from "../../../lib/local/sandbox/random.ts";
import {
  connect,
  ledgerObjects,
  ledgerSummary,
  noLimits,
  openSandbox,
  temporaryFolder,
  testKey,
  type OpenSandbox,
} from "./support/open-sandbox.ts";
import { openReceiver } from "./support/receiver.ts";

const ROUNDS = 6;
const script = fileURLToPath(new URL("support/sandbox-process.ts", import.meta.url));

interface Killable extends OpenSandbox {
  kill(): Promise<void>;
}

async function spawnSandbox(dataDir: string): Promise<Killable> {
  const child = spawn(process.execPath, [script, dataDir], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const gone = once(child, "exit");
  const kill = async () => {
    child.kill("SIGKILL");
    await gone;
  };
  for await (const url of createInterface(child.stdout)) return { ...connect(url, dataDir, kill), kill };
  throw new Error("The sandbox's process ended before it was up");
}

/** What the caller knows for sure: it has had these answers to their last byte. */
interface Known {
  readonly requests: Set<number>;
  readonly refunded: Set<string>;
  readonly asked: Map<string, string>;
  readonly served: Map<string, number>;
}

function refund(open: OpenSandbox, key: string, charge: string): Promise<Response> {
  const headers = { "content-type": "application/x-www-form-urlencoded", "idempotency-key": key };
  return open.call("/v1/refunds", { method: "POST", headers, body: `charge=${charge}&amount=10` });
}

async function noteAnswer(known: Known, response: Response): Promise<unknown> {
  const answer: unknown = JSON.parse(await response.text());
  known.requests.add(Number(response.headers.get("request-id")?.slice(4)));
  return answer;
}

/** One caller in a loop of reads and refunds until the sandbox is gone. */
async function work(
  open: OpenSandbox,
  known: Known,
  caller: string,
  charges: readonly string[],
  onAnswer: () => void,
): Promise<void> {
  for (let step = 0; step < 10_000; step += 1) {
    const charge = charges[step % charges.length] ?? "";
    const key = `${caller}-${step}`;
    known.asked.set(key, charge);
    try {
      const made = await refund(open, key, charge);
      await noteAnswer(known, made);
      expect(made.status).toBe(200);
      known.refunded.add(key);
      onAnswer();
      await noteAnswer(known, await open.call(`/v1/charges/${charge}`));
      known.served.set(charge, (known.served.get(charge) ?? 0) + 1);
      onAnswer();
      await noteAnswer(known, await open.call("/v1/charges?limit=100"));
      onAnswer();
    } catch (error) {
      if (error instanceof TypeError) return;
      throw error;
    }
  }
}

const Entries = z.object({
  entries: z.array(z.looseObject({ kind: z.string(), number: z.int() })),
  next: z.int(),
  more: z.boolean(),
});

async function answersIn(open: OpenSandbox): Promise<number[]> {
  const numbers: number[] = [];
  for (let from = 0, more = true; more;) {
    const page = Entries.parse(
      await open.control("GET", `/__sandbox/ledger/entries?kind=answer&limit=1000&from=${from}`),
    );
    numbers.push(...page.entries.map(({ number }) => number));
    [from, more] = [page.next, page.more];
  }
  return numbers;
}

test(
  "killed again and again at work, it forgets no answer, doubles no effect and delivers every webhook",
  { timeout: 120_000 },
  async () => {
    const dataDir = temporaryFolder();
    const receiver = await openReceiver();
    const random = createRandom("kills");
    const known: Known = { requests: new Set(), refunded: new Set(), asked: new Map(), served: new Map() };
    for (let round = 0; round < ROUNDS; round += 1) {
      const open = await spawnSandbox(dataDir);
      const seed = { charges: 60, paymentIntents: 0, customers: 0 };
      if (round === 0)
        await open.control("POST", "/__sandbox/accounts", {
          key: testKey,
          limits: noLimits,
          seed,
          webhookUrl: receiver.url,
        });
      const charges = (await ledgerObjects(open, "&type=charge"))
        .filter(({ state }) => Number(state["amount_captured"]) > 5_000)
        .map(({ id }) => id);
      expect(charges.length).toBeGreaterThan(10);
      const killAfter = 10 + Math.floor(random() * 40);
      let answers = 0;
      const onAnswer = () => {
        answers += 1;
        if (answers === killAfter) void open.kill();
      };
      await Promise.all(
        [0, 1, 2, 3].map((caller) => work(open, known, `round-${round}-caller-${caller}`, charges, onAnswer)),
      );
      await open.kill();
      // A line that the kill tore; where the system's own tearing falls cannot be chosen.
      appendFileSync(join(dataDir, "stripe", "journal.jsonl"), '{"kind":"answer","number":99');
    }
    const last = await openSandbox({ dataDir, account: null });
    const entered = await answersIn(last);
    expect(new Set(entered).size).toBe(entered.length);
    expect([...known.requests].filter((number) => !entered.includes(number))).toEqual([]);
    expect(known.refunded.size).toBeGreaterThan(ROUNDS);
    for (const [key, charge] of known.asked) {
      const again = await refund(last, key, charge);
      expect(again.status).toBe(200);
      if (known.refunded.has(key)) expect(again.headers.get("idempotent-replayed")).toBe("true");
    }
    const refunds = await ledgerObjects(last, "&type=refund");
    expect(refunds).toHaveLength(known.asked.size);
    const objects = await ledgerObjects(last, "&type=charge");
    for (const charge of objects) {
      const made = refunds.filter(({ state }) => state["charge"] === charge.id).length;
      expect([charge.id, charge.revision, charge.state["amount_refunded"]]).toEqual([charge.id, 1 + made, 10 * made]);
      expect(charge.singleGets + charge.singleGetsPerhaps).toBeGreaterThanOrEqual(known.served.get(charge.id) ?? 0);
    }
    await expect.poll(async () => (await ledgerSummary(last)).webhooks.pending, { timeout: 30_000 }).toBe(0);
    const { webhooks, writes } = await ledgerSummary(last);
    expect(writes).toEqual({ "POST /v1/refunds": known.asked.size });
    expect(webhooks).toMatchObject({
      events: 2 * known.asked.size,
      byTrick: { none: { accepted: 2 * known.asked.size, gaveUp: 0 } },
    });
    const told = new Set(receiver.received.map(({ body }) => z.object({ id: z.string() }).parse(JSON.parse(body)).id));
    expect(told.size).toBe(2 * known.asked.size);
  },
);

test("a journal that is something else's stops the start and names the file", async () => {
  const dataDir = temporaryFolder();
  const open = await openSandbox({ dataDir });
  await open.stop();
  appendFileSync(join(dataDir, "stripe", "journal.jsonl"), '{"kind":"other"}\n');
  await expect(openSandbox({ dataDir, account: null })).rejects.toThrow(/journal\.jsonl, line 2/);
});
