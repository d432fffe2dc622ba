import { describe, expect, test } from "vitest";
import { noticeMs } from "../../../lib/engine/credential-stand.ts";
import { consumeJob } from "../../../lib/flows/consume-job.ts";
import { lookAtConnections } from "../../../lib/flows/subscriptions/look-at-connections.ts";
import { jsonAnswer } from "../../support/memory-ports.ts";
import { TestApi } from "../api/support/api.ts";
import { acme } from "../support/acme.ts";

const hourMs = 3_600_000;
const dayMs = 86_400_000;

/** As `partner-control` looks: every minute of an hour, of which one is the partner's. */
async function lookFor({ ports }: TestApi, days: number): Promise<number> {
  const before = ports.metrics.total("CredentialAlerts");
  for (let hour = 0; hour < days * 24; hour++) {
    for (let minute = 0; minute < 60; minute++) {
      await lookAtConnections(ports, acme);
      ports.clock.advance(60_000);
    }
  }
  return ports.metrics.total("CredentialAlerts") - before;
}

const shown = async (api: TestApi, id: string) => (await api.call("GET", `/connections/${id}`)).data["credential"];
const isoIn = ({ ports }: TestApi, ms: number) => new Date(ports.clock.nowMs() + ms).toISOString();

describe("a credential that ends", () => {
  test("is shown, and rings once a day from two weeks before its end", async () => {
    const api = new TestApi();
    const credentialExpiresAt = isoIn(api, noticeMs + 2 * dayMs);
    const id = await api.connect({ credentialExpiresAt });
    expect(await shown(api, id)).toEqual({ storedAt: isoIn(api, 0), expiresAt: credentialExpiresAt, warning: null });
    expect(await lookFor(api, 2)).toBeLessThanOrEqual(1);
    expect(await lookFor(api, 3)).toBe(3);
    expect(await shown(api, id)).toMatchObject({ warning: "expires-soon" });
    expect(api.ports.metrics.total("CredentialWarnings", "expires-soon")).toBeGreaterThan(2);
    const warned = api.ports.log.lines.find(({ level }) => level === "warn");
    expect(warned?.fields).toMatchObject({ connectionId: id, warning: "expires-soon" });
    api.ports.clock.advance(noticeMs);
    expect(await shown(api, id)).toMatchObject({ warning: "expired" });
    const listed = await api.page("/connections");
    expect(listed.items[0]?.["credential"]).toMatchObject({ warning: "expired" });
  });

  test("is forgotten with the one that takes its place, by PATCH or by rotation, or when nobody knows its end", async () => {
    const api = new TestApi();
    const id = await api.connect({ credentialExpiresAt: isoIn(api, dayMs) });
    expect(await shown(api, id)).toMatchObject({ warning: "expires-soon" });
    api.ports.clock.advance(hourMs);
    await api.call("PATCH", `/connections/${id}`, { body: { credential: { apiKey: "another" } } });
    expect(await shown(api, id)).toEqual({ storedAt: isoIn(api, 0), expiresAt: null, warning: null });
    const ends = isoIn(api, 100 * dayMs);
    await api.call("PATCH", `/connections/${id}`, { body: { credentialExpiresAt: ends } });
    expect(await shown(api, id)).toMatchObject({ expiresAt: ends });
    await api.call("PATCH", `/connections/${id}`, { body: { credentialExpiresAt: null } });
    expect(await shown(api, id)).toMatchObject({ expiresAt: null });
    expect(await lookFor(api, 2)).toBe(0);
  });

  test("is another one's affair once a rotation has put that in its place, and its own where the partner refuses that", async () => {
    for (const status of [200, 401]) {
      const api = new TestApi();
      const id = await api.connect({ credentialExpiresAt: isoIn(api, dayMs) });
      api.ports.transport.respond(() => jsonAnswer(status, { items: [], next: null }));
      api.ports.clock.advance(hourMs);
      await api.call("POST", `/connections/${id}/credential`, { body: { credential: { apiKey: "another" } } });
      const nowMs = api.ports.clock.nowMs();
      for (const job of api.ports.lanes.take("webhooks", nowMs))
        await consumeJob(api.ports, job, { workerId: "worker", deadlineMs: nowMs + 30_000 });
      const given = { storedAt: isoIn(api, 0), expiresAt: null, warning: null };
      expect(await shown(api, id)).toMatchObject(status === 200 ? given : { warning: "expires-soon" });
    }
  });
});

test("a key that nobody has changed for a year is shown, and rings once a month", async () => {
  const api = new TestApi();
  const id = await api.connect();
  api.ports.clock.advance(364 * dayMs);
  expect(await lookFor(api, 1)).toBe(0);
  expect(await lookFor(api, 20)).toBe(1);
  expect(await shown(api, id)).toMatchObject({ warning: "old" });
  expect(await lookFor(api, 11)).toBe(1);
});

test("nobody is rung for the credential of a connection that is paused", async () => {
  const api = new TestApi();
  const id = await api.connect({ credentialExpiresAt: isoIn(api, 0) });
  await api.call("POST", `/connections/${id}/pause`, { body: {} });
  expect(await lookFor(api, 2)).toBe(0);
});

test("a key of the API that ends soon is shown, and rings once a day while it is used", async () => {
  const api = new TestApi();
  const { key } = await api.makeKey("viewer");
  const use = async () => {
    await api.call("GET", "/connections", { key });
    return api.ports.metrics.total("CredentialAlerts");
  };
  const warning = async () => (await api.page("/keys")).items[0]?.["warning"];
  expect([await use(), await warning()]).toEqual([0, null]);
  api.ports.clock.advance(76 * dayMs);
  expect([await use(), await warning()]).toEqual([1, "expires-soon"]);
  for (let hours = 0; hours < 48; hours++) {
    api.ports.clock.advance(hourMs);
    await use();
  }
  expect(api.ports.metrics.total("CredentialAlerts")).toBe(3);
});
