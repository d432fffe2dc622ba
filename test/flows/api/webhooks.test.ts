import { describe, expect, test } from "vitest";
import { consumeJob } from "../../../lib/flows/consume-job.ts";
import { HooksServer, hookEvents } from "../support/hooks.ts";
import { errorsOf, TestApi } from "./support/api.ts";

async function workWebhooks({ ports }: TestApi): Promise<void> {
  const nowMs = ports.clock.nowMs();
  for (const job of ports.lanes.take("webhooks", nowMs))
    await consumeJob(ports, job, { workerId: "worker", deadlineMs: nowMs + 30_000 });
}

describe("a connection's webhooks", () => {
  test("are registered at the address of the API that is asked, by a job, and shown without their secret", async () => {
    const [api, hooks] = [new TestApi(), new HooksServer()];
    api.ports.transport.respond((request) => hooks.answer(request, api.ports.clock.nowMs()));
    const id = await api.connect();
    const path = `/connections/${id}/webhooks`;
    expect((await api.call("GET", path)).data).toEqual({
      connectionId: id,
      isRegisteredByHand: false,
      status: "none",
      url: null,
      subscriptionId: null,
      events: hookEvents,
      hasWebhookSecret: false,
      checkedAt: null,
      expiresAt: null,
      nextLookAt: null,
      error: null,
    });
    const url = `https://api.example.com/webhooks/acme/${id}`;
    const asked = await api.call("POST", path, { body: {} });
    expect([asked.status, asked.data["status"], asked.data["url"]]).toEqual([202, "registering", url]);
    // The API itself calls no partner.
    expect(api.ports.transport.requests).toEqual([]);
    await workWebhooks(api);
    const shown = await api.call("GET", path);
    expect(shown.data).toMatchObject({ status: "subscribed", subscriptionId: "hook-1", hasWebhookSecret: true });
    const [secret = ""] = hooks.secretsOf(url);
    expect(secret).not.toBe("");
    expect(JSON.stringify([api.answers, api.ports.audit.entries, api.ports.lanes.sent])).not.toContain(secret);
    const audited = api.ports.audit.entries.find(({ action }) => action === "connection.webhooks");
    expect(audited).toMatchObject({ subject: id, detail: { url } });
  });

  test("are registered anew at once when their secret is set by hand", async () => {
    const [api, hooks] = [new TestApi(), new HooksServer()];
    api.ports.transport.respond((request) => hooks.answer(request, api.ports.clock.nowMs()));
    const id = await api.connect();
    await api.call("POST", `/connections/${id}/webhooks`, { body: {} });
    await workWebhooks(api);
    await api.call("PATCH", `/connections/${id}`, { body: { webhookSecret: "set-by-hand" } });
    await workWebhooks(api);
    const shown = await api.call("GET", `/connections/${id}/webhooks`);
    expect(shown.data).toMatchObject({ status: "subscribed", subscriptionId: "hook-2" });
  });

  test("are registered by a person where the driver does not say how", async () => {
    const api = new TestApi();
    const id = await api.connect({ partner: "beta", credential: { token: "beta-1", region: "eu" } });
    const shown = await api.call("GET", `/connections/${id}/webhooks`);
    expect(shown.data).toMatchObject({ isRegisteredByHand: true, status: "none", events: [] });
    const asked = await api.call("POST", `/connections/${id}/webhooks`, { body: {} });
    expect([asked.status, errorsOf(asked)]).toEqual([409, ["registered-by-hand"]]);
    expect(asked.body).toContain(`/webhooks/beta/${id}`);
  });

  test("are taken away at the partner before the connection is removed", async () => {
    const [api, hooks] = [new TestApi(), new HooksServer()];
    api.ports.transport.respond((request) => hooks.answer(request, api.ports.clock.nowMs()));
    const id = await api.connect();
    api.ports.runs.all().length = 0;
    await api.call("POST", `/connections/${id}/webhooks`, { body: {} });
    await workWebhooks(api);
    const first = await api.call("DELETE", `/connections/${id}`);
    expect([first.status, first.data]).toMatchObject([
      202,
      { removed: false, remaining: { why: "webhooks-registered" } },
    ]);
    expect(first.headers["retry-after"]).toBe("5");
    expect((await api.call("GET", `/connections/${id}/webhooks`)).data["status"]).toBe("removing");
    await workWebhooks(api);
    expect(hooks.hooks).toEqual([]);
    expect((await api.call("DELETE", `/connections/${id}`)).data).toMatchObject({ removed: true });
  });
});
