import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPorts } from "../../lib/aws/ports.ts";
import { noHints } from "../../lib/engine/gate/no-hints.ts";
import type { BucketScope } from "../../lib/engine/ports.ts";
import { registryOf } from "../../lib/engine/registry.ts";
import { tableNameFor } from "../../lib/engine/names.ts";
import { allOf } from "../support/port-suite/opened.ts";
import { stage, startServices } from "./support/services.ts";
import type { TestServices } from "./support/services.ts";

let services: TestServices;
beforeAll(async () => {
  services = await startServices();
});
afterAll(async () => services.stop());

const scope = (item: string, bucket: string, requests: number): BucketScope => ({
  item,
  bucket,
  rule: { kind: "slidingWindow", requests, perMs: 1_000 },
  share: 1,
  uncertaintyMs: 260,
  highShare: 0.2,
});

describe("the gate on its table", () => {
  it("never gives one token to two workers, each with a gate of its own", async () => {
    const gates = await allOf(4, async () => createPorts(services.source, registryOf([])).gate);
    const scopes = [scope("acme#one", "account", 5)];
    const ask = {
      scopes,
      weight: 1,
      want: 2,
      lane: "imports",
      connectionId: "one",
      deadlineMs: Date.now() + 60_000,
    } as const;
    const answers = await Promise.all(
      gates.flatMap((gate) => [gate.reserve(ask), gate.reserve(ask), gate.reserve(ask)]),
    );
    const dates = answers
      .flatMap((answer) => (answer.kind === "granted" ? answer.sendAtMs : []))
      .toSorted((a, b) => a - b);
    expect(dates.length).toBeGreaterThanOrEqual(8);
    // Five a second with 260 ms of uncertainty: the sixth is dated no less than 1,260 ms after the first.
    const spans = dates.slice(5).map((date, index) => date - (dates[index] ?? 0));
    expect(Math.min(...spans)).toBeGreaterThanOrEqual(1_260);
  });

  it("keeps an account's item under a kilobyte, one write unit", async () => {
    const { gate } = createPorts(services.source, registryOf([]));
    for (let index = 0; index < 40; index += 1) {
      const scopes = [
        scope("acme#two", "account", 10_000),
        scope("acme#two", `GET /a/long/path/to/an/endpoint/${index}`, 1),
      ];
      await gate.reserve({
        scopes,
        weight: 1,
        want: 1,
        lane: "imports",
        connectionId: "one",
        deadlineMs: Date.now() + 60_000,
      });
    }
    const key = { pk: { S: "acme#two" } };
    const { Item } = await services.dynamo.send(
      new GetItemCommand({ TableName: tableNameFor(stage, "token-buckets"), Key: key }),
    );
    const bytes = Object.entries(Item ?? {}).reduce(
      (sum, [name, value]) => sum + name.length + JSON.stringify(value).length,
      0,
    );
    expect(bytes).toBeGreaterThan(400);
    expect(bytes).toBeLessThan(1_024);
  });

  it("carries a hint from one worker to the next", async () => {
    const [one, two] = [
      createPorts(services.source, registryOf([])).gate,
      createPorts(services.source, registryOf([])).gate,
    ];
    const scopes = [scope("acme#three", "account", 10)];
    const notBeforeMs = Date.now() + 30_000;
    await one.settle("any", {
      scopes,
      connectionId: "one",
      sent: 1,
      unused: 0,
      kinds: ["rate"],
      hints: { ...noHints, notBeforeMs },
    });
    const answer = await two.reserve({
      scopes,
      weight: 1,
      want: 1,
      lane: "imports",
      connectionId: "one",
      deadlineMs: Date.now() + 1_000,
    });
    expect(answer).toMatchObject({ kind: "refused", reason: "limit" });
    const retryAtMs = answer.kind === "refused" ? answer.retryAtMs : 0;
    // Half its patience early at the most: it is then told the very date.
    expect(retryAtMs).toBeGreaterThan(notBeforeMs - 501);
    expect(retryAtMs).toBeLessThanOrEqual(notBeforeMs);
  });
});
