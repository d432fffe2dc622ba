import { describe, expect, test } from "vitest";
import { renewSeals } from "../../lib/flows/renew-seals.ts";
import type { RenewSealsPorts } from "../../lib/flows/renew-seals.ts";
import { apiPorts, errorsOf, TestApi } from "./api/support/api.ts";

const key = "the-second-key";

/** Connections of two partners, sealed under the first key; then the stage is given the second. */
async function world(count: number): Promise<{ api: TestApi; ids: readonly string[] }> {
  const api = new TestApi(apiPorts());
  const ids: string[] = [];
  for (let index = 0; index < count; index++)
    ids.push(await api.connect({ account: `acct-${index}`, credential: { apiKey: `key-of-${index}` } }));
  ids.push(await api.connect({ partner: "beta", credential: { token: "beta-token-1", region: "eu" } }));
  api.ports.credentials.key = key;
  return { api, ids };
}

const ownerOf = (connectionId: string) => ({ partner: connectionId.split("_")[0] ?? "", connectionId });
const keysOf = ({ ports }: TestApi, ids: readonly string[]) =>
  new Set(ids.map((id) => ports.credentials.sealedUnder(ownerOf(id))));

describe("re-encryption after a change of the key", () => {
  test("goes through all pages, changes nothing of what is sealed, and finds its own work done", async () => {
    const { api, ids } = await world(5);
    const before = await Promise.all(ids.map((id) => api.ports.credentials.read(ownerOf(id))));
    api.ports.clock.advance(3_600_000);
    const counts = { renewed: 0, pages: 0 };
    let cursor: unknown = undefined;
    do {
      const { data } = await api.call("POST", "/credentials/re-encrypt", { body: { limit: 2, cursor } });
      counts.renewed += Number(data["renewed"]);
      counts.pages++;
      cursor = data["next"] ?? undefined;
    } while (cursor !== undefined);
    expect(counts).toEqual({ renewed: 6, pages: 3 });
    expect(keysOf(api, ids)).toEqual(new Set([key]));
    // Their revision and their age too: nobody's refresh is superseded, and no old key looks new.
    expect(await Promise.all(ids.map((id) => api.ports.credentials.read(ownerOf(id))))).toEqual(before);
    const again = await api.call("POST", "/credentials/re-encrypt", { body: {} });
    expect(again.data).toMatchObject({ looked: 6, renewed: 0, current: 6, refused: [], next: null });
  });

  test("takes one partner's alone where it is asked to, and says what is not there", async () => {
    const { api, ids } = await world(2);
    const { data } = await api.call("POST", "/credentials/re-encrypt", { body: { partner: "beta" } });
    expect(data).toMatchObject({ looked: 1, renewed: 1 });
    expect(keysOf(api, ids.slice(0, 2))).toEqual(new Set(["the-first-key"]));
    const stranger = await api.call("POST", "/credentials/re-encrypt", { body: { partner: "nobody" } });
    expect([stranger.status, errorsOf(stranger)]).toEqual([404, ["not-found"]]);
  });

  test("is in the audit log, page for page", async () => {
    const { api } = await world(1);
    await api.call("POST", "/credentials/re-encrypt", { body: { limit: 1 } });
    await api.call("POST", "/credentials/re-encrypt", { body: { partner: "acme" } });
    const entries = api.ports.audit.entries.filter(({ action }) => action === "credentials.re-encrypt");
    expect(entries.map(({ subject }) => subject)).toEqual(["every partner", "acme"]);
  });

  test("counts what is without a credential, what was replaced meanwhile and what KMS refuses", async () => {
    const { api, ids } = await world(3);
    const [without = "", busy = "", refused = ""] = ids;
    api.ports.credentials.forget(ownerOf(without));
    const ports: RenewSealsPorts = {
      connections: api.ports.connections,
      seals: {
        async renew(owner) {
          if (owner.connectionId === busy) return { kind: "superseded" };
          if (owner.connectionId === refused) return { kind: "refused", reason: "DisabledException" };
          return api.ports.seals.renew(owner);
        },
      },
    };
    expect(await renewSeals(ports, "acme", { limit: 100, cursor: null })).toEqual({
      looked: 3,
      renewed: 0,
      current: 0,
      none: 1,
      superseded: 1,
      refused: [{ connectionId: refused, reason: "DisabledException" }],
      next: null,
    });
  });
});

describe("a function that dies at a step of it", () => {
  const count = 4;

  test.each(Array.from({ length: 2 * (count + 2) }, (_, index) => index))(
    "at the %i-th leaves every credential readable, and running it again ends it",
    async (diesAt) => {
      const { api, ids } = await world(count - 1);
      const before = await Promise.all(ids.map((id) => api.ports.credentials.read(ownerOf(id))));
      let step = 0;
      // Once before and once after each effect: the listing, and each credential's write.
      const dying = async <T>(effect: () => Promise<T>): Promise<T> => {
        if (step++ === diesAt) throw new Error("died before");
        const answer = await effect();
        if (step++ === diesAt) throw new Error("died after");
        return answer;
      };
      const ports: RenewSealsPorts = {
        connections: { list: (...asked) => dying(() => api.ports.connections.list(...asked)) },
        seals: { renew: (owner) => dying(() => api.ports.seals.renew(owner)) },
      };
      await renewSeals(ports, null, { limit: 100, cursor: null }).catch(() => null);
      expect(await Promise.all(ids.map((id) => api.ports.credentials.read(ownerOf(id))))).toEqual(before);
      const rest = await renewSeals(api.ports, null, { limit: 100, cursor: null });
      expect(rest.renewed + rest.current).toBe(count);
      expect(keysOf(api, ids)).toEqual(new Set([key]));
    },
  );
});
