import { describe, expect, test } from "vitest";
import type { EmergencyOrder, EmergencyReport } from "../../../lib/engine/emergency.ts";
import { apiPorts, errorsOf, TestApi } from "./support/api.ts";

const worked: EmergencyReport = {
  kind: "worked",
  received: 5,
  removed: 4,
  done: 2,
  deferred: 1,
  skipped: 1,
  givenUp: 0,
  left: 1,
  ended: "empty",
};

function openApi(answer: () => Promise<EmergencyReport | null>): {
  readonly api: TestApi;
  readonly invoked: { readonly partner: string; readonly order: EmergencyOrder }[];
} {
  const invoked: { readonly partner: string; readonly order: EmergencyOrder }[] = [];
  const api = new TestApi(apiPorts(), {
    workInEmergency: async (partner, order) => {
      invoked.push({ partner, order });
      return answer();
    },
  });
  return { api, invoked };
}

describe("POST /partners/{partner}/emergency", () => {
  test("runs the partner's function with what was asked, answers its counts, and is in the audit log", async () => {
    const { api, invoked } = openApi(async () => worked);
    const answer = await api.call("POST", "/partners/acme/emergency", { body: { lane: "webhooks", count: 50 } });
    const { kind: _kind, ...counts } = worked;
    expect([answer.status, answer.data]).toEqual([200, { partner: "acme", lane: "webhooks", ...counts }]);
    expect(invoked).toEqual([{ partner: "acme", order: { lane: "webhooks", count: 50 } }]);
    expect(api.ports.audit.entries).toMatchObject([
      { action: "partner.emergency", subject: "acme", detail: { lane: "webhooks", count: "50" } },
    ]);
  });

  test("takes no lane that there is not, and no boundless count", async () => {
    const { api, invoked } = openApi(async () => worked);
    const bodies = [{ lane: "dlq", count: 1 }, { lane: "imports" }, { lane: "imports", count: 501 }];
    for (const body of bodies) expect((await api.call("POST", "/partners/acme/emergency", { body })).status).toBe(400);
    const nobody = await api.call("POST", "/partners/nobody/emergency", { body: { lane: "imports", count: 1 } });
    expect([nobody.status, errorsOf(nobody)]).toEqual([404, ["not-found"]]);
    expect(invoked).toEqual([]);
  });

  test.each([
    [async () => null, 503, "partner-not-ready"],
    [async () => ({ kind: "held", why: "acme is paused" }) as const, 409, "partner-held"],
    [async () => Promise.reject(new Error("Task timed out; a-stack-trace")), 503, "emergency-failed"],
  ])("says why nothing was worked: %s", async (answer, status, code) => {
    const { api } = openApi(answer);
    const body = { lane: "webhooks", count: 1 };
    const refused = await api.call("POST", "/partners/acme/emergency", { body });
    expect([refused.status, errorsOf(refused)]).toEqual([status, [code]]);
    expect(refused.body).not.toContain("a-stack-trace");
  });
});
