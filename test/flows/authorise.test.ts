import * as z from "zod";
import { describe, expect, test } from "vitest";
import { definePartner } from "../../lib/engine/define-partner.ts";
import type { PartnerDriver } from "../../lib/engine/define-partner.ts";
import { callPartner } from "../../lib/flows/call-partner.ts";
import type { CallResult } from "../../lib/flows/call-partner.ts";
import { createMemoryPorts, jsonAnswer } from "../support/memory-ports.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { acme, connection } from "./support/acme.ts";
import { Died, mortal } from "./support/world.ts";

const dayMs = 86_400_000;

const tokenAcme: PartnerDriver = definePartner({
  ...acme,
  auth: {
    kind: "client-credentials",
    tokenUrl: "https://api.acme.example/token",
    parameters: { scope: "all" },
    tokensPerDay: 5,
    credential: z.strictObject({ clientId: z.string(), clientSecret: z.string() }),
  },
});

/** A partner that gives tokens out, takes the newest only, and counts. */
class TokenServer {
  minted = 0;
  valid = new Set<string>();
  calls = 0;
  refuseAll = false;

  answer(url: string, authorization: string | undefined, body: string | null) {
    if (new URL(url).pathname === "/token") {
      if (new URLSearchParams(body ?? "").get("grant_type") !== "client_credentials") return jsonAnswer(400, {});
      this.minted += 1;
      const token = `token-${this.minted}`;
      this.valid.add(token);
      return jsonAnswer(200, { access_token: token, token_type: "Bearer", expires_in: 86_400 });
    }
    this.calls += 1;
    const known = this.valid.has((authorization ?? "").replace("Bearer ", ""));
    return known && !this.refuseAll ? jsonAnswer(200, { ok: true }) : jsonAnswer(403, { error: "expired" });
  }
}

async function world(): Promise<{ ports: MemoryPorts; server: TokenServer }> {
  const ports = createMemoryPorts({ partners: [tokenAcme] });
  const server = new TokenServer();
  ports.transport.respond((request) => server.answer(request.url, request.headers["authorization"], request.body));
  await ports.credentials.replace(connection, null, { clientId: "id", clientSecret: "secret" });
  return { ports, server };
}

const call = (ports: Parameters<typeof callPartner>[0], nowMs: number): Promise<CallResult> =>
  callPartner(ports, {
    driver: tokenAcme,
    connection,
    request: { method: "GET", path: "/orders", query: {}, endpoint: "GET /orders" },
    lane: "imports",
    deadlineMs: nowMs + 30_000,
  });

describe("an access token", () => {
  test("is bought once and used until shortly before it expires", async () => {
    const { ports, server } = await world();
    for (let hour = 0; hour < 24; hour++) {
      expect((await call(ports, ports.clock.nowMs())).kind).toBe("ok");
      ports.clock.advance(3_600_000 - 20_000);
    }
    expect(server.minted).toBe(1);
    ports.clock.advance(3_600_000);
    expect((await call(ports, ports.clock.nowMs())).kind).toBe("ok");
    expect(server.minted).toBe(2);
  });

  test("is bought by one of many that need it at once", async () => {
    const { ports, server } = await world();
    const results = await Promise.all(Array.from({ length: 20 }, () => call(ports, ports.clock.nowMs())));
    expect(server.minted).toBe(1);
    expect(results.filter((result) => result.kind === "failed")).toEqual([]);
  });

  test("that the partner refuses before its time is renewed once, and the call is made again", async () => {
    const { ports, server } = await world();
    await call(ports, ports.clock.nowMs());
    server.valid.clear();
    expect((await call(ports, ports.clock.nowMs())).kind).toBe("ok");
    expect(server.minted).toBe(2);
  });

  test("does not help where the refusal is about permission: one renewal, then the failure", async () => {
    const { ports, server } = await world();
    await call(ports, ports.clock.nowMs());
    server.refuseAll = true;
    const result = await call(ports, ports.clock.nowMs());
    expect(result).toMatchObject({ kind: "failed", error: { kind: "auth", code: "http-403" } });
    expect(server.minted).toBe(2);
  });

  test("is not bought again and again for what is not permitted, nor are the day's tokens used up", async () => {
    const { ports, server } = await world();
    await call(ports, ports.clock.nowMs());
    server.refuseAll = true;
    for (let minute = 0; minute < 48 * 60; minute += 20) {
      const result = await call(ports, ports.clock.nowMs());
      expect(result).toMatchObject({ kind: "failed", error: { kind: "auth", code: "http-403" } });
      ports.clock.advance(20 * 60_000 - 20_000);
    }
    // The first, its renewal, and one for each fourth of the two days.
    expect(server.minted).toBeLessThanOrEqual(10);
    server.refuseAll = false;
    expect((await call(ports, ports.clock.nowMs())).kind).toBe("ok");
  });

  test("that is new and was taken once is renewed when it is refused again", async () => {
    const { ports, server } = await world();
    server.refuseAll = true;
    await call(ports, ports.clock.nowMs());
    expect(server.minted).toBe(2);
    server.refuseAll = false;
    ports.clock.advance(dayMs / 4);
    server.valid.clear();
    expect((await call(ports, ports.clock.nowMs())).kind).toBe("ok");
    expect(server.minted).toBe(3);
    server.valid.clear();
    expect((await call(ports, ports.clock.nowMs())).kind).toBe("ok");
    expect(server.minted).toBe(4);
  });

  test("is not asked for a sixth time in a day; the call waits until the partner gives one again", async () => {
    const { ports, server } = await world();
    const beganMs = ports.clock.nowMs();
    for (let time = 0; time < 5; time++) {
      await call(ports, ports.clock.nowMs());
      server.valid.clear();
    }
    const result = await call(ports, ports.clock.nowMs());
    expect(server.minted).toBe(5);
    expect(result).toMatchObject({ kind: "wait", reason: "token-limit", untilMs: beganMs + dayMs });
    ports.clock.set(beganMs + dayMs);
    expect((await call(ports, ports.clock.nowMs())).kind).toBe("ok");
  });

  test("never passes through an error or a metric", async () => {
    const { ports, server } = await world();
    server.refuseAll = true;
    const result = await call(ports, ports.clock.nowMs());
    const told = JSON.stringify([result, ports.metrics.counts, ports.log.lines]);
    expect(told).not.toContain("token-1");
    expect(told).not.toContain("secret");
  });

  test.each(["before", "after"] as const)(
    "is not lost for long to a worker that dies %s any step of buying it",
    async (when) => {
      const steps = await (async () => {
        const { ports } = await world();
        const whole = mortal(ports, null);
        await call(whole.ports, ports.clock.nowMs());
        return whole.calls();
      })();
      expect(steps).toBeGreaterThan(6);
      for (let atCall = 1; atCall <= steps; atCall++) {
        const { ports, server } = await world();
        await expect(call(mortal(ports, { atCall, when }).ports, ports.clock.nowMs())).rejects.toThrow(Died);
        ports.clock.advance(31_000);
        expect((await call(ports, ports.clock.nowMs())).kind).toBe("ok");
        expect(server.minted).toBeLessThanOrEqual(2);
        const stored = await ports.credentials.read(connection, { fresh: true });
        // What the partner has counted, we have counted.
        expect((stored?.fields["mintedAtMs"] ?? "").split(",").length).toBeGreaterThanOrEqual(server.minted);
      }
    },
  );
});
