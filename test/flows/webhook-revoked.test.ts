import * as z from "zod";
import { describe, expect, test } from "vitest";
import { webhook } from "../../lib/engine/define-partner.ts";
import type { OutboundAnswer } from "../../lib/engine/ports.ts";
import { jsonAnswer } from "../support/memory-ports.ts";
import { acmeWith, connectTenants, post, postsWebhook, tenantOf } from "./support/posts.ts";
import { runUntilIdle } from "./support/world.ts";

const Event = z.strictObject({ id: z.string(), account: z.string(), type: z.string() });
const uninstalled = (account: string) => ({ id: "u1", account, type: "app/uninstalled" });

const driver = acmeWith(
  webhook({
    verify: postsWebhook.verify,
    schema: Event,
    dedupeKey: (event) => event.id,
    account: (event) => event.account,
    touches: ({ id }) => [{ resource: "orders", externalId: id }],
    revokes: ({ type }) => type === "app/uninstalled",
  }),
);

/** Two connected accounts; the first one's calls are answered so. */
async function world(answer: (calls: number) => OutboundAnswer) {
  const tenants = await connectTenants(2, driver);
  const { ports } = tenants;
  let calls = 0;
  ports.transport.respond(() => answer(++calls));
  const stand = async (number: number) => {
    const connection = await ports.connections.read("acme", tenantOf(number).connectionId);
    return { status: connection?.status, reason: connection?.statusReason ?? "" };
  };
  return { ports, stand, told: () => calls };
}

describe("an event that says that the authorisation was taken away", () => {
  test.each([401, 403])(
    "ends the connection where the partner answers %s, with the reason and what to do",
    async (status) => {
      const { ports, stand } = await world(() => jsonAnswer(status, {}));
      await post(ports, uninstalled("acct-0"));
      await runUntilIdle(ports, null, driver);
      const { status: now, reason } = await stand(0);
      expect(now).toBe("needs-reconnect");
      expect(reason).toContain(`PATCH /api/v1/connections/${tenantOf(0).connectionId}`);
      if (status === 403) expect(reason).toContain("was taken away");
      expect((await stand(1)).status).toBe("active");
      // Nothing that it names is fetched, and nothing failed.
      expect(ports.records.all()).toEqual([]);
      expect((await ports.failures.list({ status: "open" }, { limit: 10, cursor: null })).items).toEqual([]);
    },
  );

  test("is a word, and no more, while the partner takes the credential", async () => {
    const { ports, stand, told } = await world(() => jsonAnswer(200, { items: [], next: null }));
    await post(ports, uninstalled("acct-0"));
    await runUntilIdle(ports, null, driver);
    expect((await stand(0)).status).toBe("active");
    expect(told()).toBeGreaterThan(0);
  });

  test("waits out an outage before it ends anything", async () => {
    const { ports, stand } = await world((calls) => jsonAnswer(calls < 3 ? 503 : 403, {}));
    await post(ports, uninstalled("acct-0"));
    await runUntilIdle(ports, null, driver);
    expect((await stand(0)).status).toBe("needs-reconnect");
  });

  test("ends nothing by a refusal of what was changed meanwhile: it is asked again", async () => {
    const { ports, stand } = await world(() => jsonAnswer(200, {}));
    let calls = 0;
    ports.transport.respond(async () => {
      const current = await ports.connections.read("acme", tenantOf(0).connectionId);
      if (++calls > 1 || current === null) return jsonAnswer(200, { items: [], next: null });
      await ports.connections.compareAndSet({ ...current, name: "another", revision: current.revision + 1 });
      return jsonAnswer(403, {});
    });
    await post(ports, uninstalled("acct-0"));
    await runUntilIdle(ports, null, driver);
    expect((await stand(0)).status).toBe("active");
    expect(calls).toBeGreaterThan(1);
  });

  test("is about nothing where an event of another kind comes: a 403 of one thing ends no connection", async () => {
    const { ports, stand } = await world(() => jsonAnswer(403, {}));
    await post(ports, { ...uninstalled("acct-0"), type: "orders/changed" });
    await runUntilIdle(ports, null, driver);
    expect((await stand(0)).status).toBe("active");
  });
});
