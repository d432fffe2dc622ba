import { describe, expect, it } from "vitest";
import { allOf, freshOwner, usePorts } from "./opened.ts";
import type { OpenPorts } from "./opened.ts";

export function describeSecrets(open: OpenPorts): void {
  describeCredentials(open);
  describePartnerSecrets(open);
  describeClaimChecks(open);
  describeDeliveries(open);
}

function describeCredentials(open: OpenPorts): void {
  describe("credentials", () => {
    const opened = usePorts(open);
    const credentials = () => opened().ports.credentials;

    it("are stored once as the first, then replaced by whoever used the stored one", async () => {
      const owner = freshOwner();
      expect(await credentials().read(owner)).toBeNull();
      expect(await credentials().replace(owner, null, { apiKey: "first ä" })).toBe("stored");
      expect(await credentials().replace(owner, null, { apiKey: "late" })).toBe("superseded");
      const first = await credentials().read(owner);
      expect(first).toMatchObject({ fields: { apiKey: "first ä" }, revision: 1 });
      expect(await credentials().replace(owner, first, { apiKey: "second", extra: "x" })).toBe("stored");
      expect(await credentials().replace(owner, first, { apiKey: "late" })).toBe("superseded");
      expect(await credentials().read(owner)).toMatchObject({ fields: { apiKey: "second", extra: "x" }, revision: 2 });
    });

    it("are replaced by one of many who used the same", async () => {
      const owner = freshOwner();
      await credentials().replace(owner, null, { token: "used" });
      const used = await credentials().read(owner);
      const results = await allOf(6, (index) => credentials().replace(owner, used, { token: `next-${index}` }));
      expect(results.filter((result) => result === "stored")).toHaveLength(1);
      expect((await credentials().read(owner))?.fields).toEqual({ token: `next-${results.indexOf("stored")}` });
    });

    it("that a person gives are stored over whatever is there, and supersede a refresh", async () => {
      const owner = freshOwner();
      await credentials().overwrite(owner, { token: "given" });
      const used = await credentials().read(owner);
      expect(used?.fields).toEqual({ token: "given" });
      await credentials().overwrite(owner, { token: "given again" });
      expect(await credentials().replace(owner, used, { token: "refreshed" })).toBe("superseded");
      expect((await credentials().read(owner))?.fields).toEqual({ token: "given again" });
    });

    it("are each connection's own", async () => {
      const [one, two] = [freshOwner(), freshOwner()];
      await credentials().replace(one, null, { token: "one" });
      expect(await credentials().read(two)).toBeNull();
    });
  });
}

function describePartnerSecrets(open: OpenPorts): void {
  describe("partners' secrets", () => {
    const opened = usePorts(open);

    it("are read by the partner's name, and null where there is none", async () => {
      const { ports, setSecret } = opened();
      const secret = {
        connectionKey: "a-key-of-16-chars-or-more",
        webhookSecrets: ["one", "two"],
        app: { clientId: "c" },
      };
      setSecret("with-a-secret", secret);
      expect(await ports.partnerSecrets.read("with-a-secret")).toEqual(secret);
      expect(await ports.partnerSecrets.read("without-a-secret")).toBeNull();
    });
  });
}

function describeClaimChecks(open: OpenPorts): void {
  describe("claim checks", () => {
    const opened = usePorts(open);
    const claims = () => opened().ports.claims;
    const acmeOwner = { partner: "acme", connectionId: "acme_1" };

    it("give a body back by the key they gave for it, byte for byte", async () => {
      const body = Uint8Array.from({ length: 700_000 }, (_, index) => index % 256);
      const key = await claims().put(acmeOwner, body);
      expect(key.startsWith("bodies/acme/acme_1/")).toBe(true);
      const back = await claims().get(key);
      expect(back !== null && Buffer.compare(back, body)).toBe(0);
    });

    it("keep the same body under one key, each partner's under its own, and know of no other", async () => {
      const body = Buffer.from("the same");
      const key = await claims().put(acmeOwner, body);
      expect(await claims().put(acmeOwner, Buffer.from("the same"))).toBe(key);
      expect(await claims().put({ partner: "other", connectionId: null }, body)).not.toBe(key);
      expect(await claims().put(acmeOwner, Buffer.from("another"))).not.toBe(key);
      const unknown = await claims().put({ partner: "acme", connectionId: null }, body);
      expect([unknown === key, unknown.startsWith("bodies/acme/-/")]).toEqual([false, true]);
      expect(await claims().get("bodies/acme/0000")).toBeNull();
    });
  });
}

function describeDeliveries(open: OpenPorts): void {
  describe("deliveries", () => {
    const opened = usePorts(open);

    it("are done once they were marked, for their own partner and key alone, and marking again changes nothing", async () => {
      const { deliveries } = opened().ports;
      const [{ partner }, other] = [freshOwner(), freshOwner()];
      const untilMs = opened().ports.clock.nowMs() + 86_400_000;
      expect(await deliveries.isDone(partner, "d1")).toBe(false);
      await deliveries.markDone(partner, "d1", untilMs);
      await deliveries.markDone(partner, "d1", untilMs);
      expect(await deliveries.isDone(partner, "d1")).toBe(true);
      expect([await deliveries.isDone(partner, "d2"), await deliveries.isDone(other.partner, "d1")]).toEqual([
        false,
        false,
      ]);
    });
  });
}
