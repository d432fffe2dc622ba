import { GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { createPorts } from "../../lib/aws/ports.ts";
import { tableNameFor } from "../../lib/engine/names.ts";
import { registryOf } from "../../lib/engine/registry.ts";
import { SeededRandom, VirtualClock } from "../support/memory/clock.ts";
import { freshOwner } from "../support/port-suite/opened.ts";
import { stage, startServices } from "./support/services.ts";
import type { TestServices } from "./support/services.ts";

let services: TestServices;
beforeAll(async () => {
  services = await startServices();
});
afterAll(async () => services.stop());
afterEach(() => {
  services.keysAndSecrets.onReEncrypt = async () => {};
  services.keysAndSecrets.disabled.clear();
});

type Owner = ReturnType<typeof freshOwner>;
const table = tableNameFor(stage, "connections");
const formerKey = "arn:aws:kms:us-east-1:000000000000:key/former";
const newKey = "arn:aws:kms:us-east-1:000000000000:key/new";

/** The ports of a function that was deployed with this key. */
function portsWith(key: string) {
  const world = { clock: new VirtualClock(), random: new SeededRandom(1) };
  return createPorts({ ...services.source, SLUICE_KEY_ID: key }, registryOf([]), world);
}

async function storedOf({ partner, connectionId }: Owner): Promise<Record<string, unknown>> {
  const Key = { pk: { S: `${partner}#${connectionId}` }, sk: { S: "credential" } };
  const { Item } = await services.dynamo.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
  const body = z.record(z.string(), z.unknown()).parse(JSON.parse(Item?.["body"]?.S ?? "{}"));
  return { ...body, revision: Item?.["revision"]?.N };
}

describe("the seal of a stored credential", () => {
  it("moves to the new key: the same ciphertext under a data key that KMS sealed again, and nothing was opened", async () => {
    const owner = freshOwner();
    await portsWith(formerKey).credentials.replace(owner, null, { token: "one" });
    const before = await storedOf(owner);
    const from = services.keysAndSecrets.calls.length;
    expect(await portsWith(newKey).seals.renew(owner)).toEqual({ kind: "renewed" });
    expect(services.keysAndSecrets.calls.slice(from)).toEqual(["ReEncrypt"]);
    const after = await storedOf(owner);
    expect({ ...after, sealedKey: "" }).toEqual({ ...before, sealedKey: "" });
    expect(after["sealedKey"]).not.toBe(before["sealedKey"]);
    services.keysAndSecrets.disabled.add(formerKey);
    expect((await portsWith(newKey).credentials.read(owner))?.fields).toEqual({ token: "one" });
  });

  it("is left alone where it is the new key's already", async () => {
    const owner = freshOwner();
    await portsWith(newKey).credentials.replace(owner, null, { token: "one" });
    const before = await storedOf(owner);
    expect(await portsWith(newKey).seals.renew(owner)).toEqual({ kind: "current" });
    expect(await storedOf(owner)).toEqual(before);
    expect(await portsWith(newKey).seals.renew(freshOwner())).toEqual({ kind: "none" });
  });

  it("never comes over what a refresh stored meanwhile, whichever key that was sealed under", async () => {
    for (const key of [formerKey, newKey]) {
      const owner = freshOwner();
      const refreshing = portsWith(key).credentials;
      await portsWith(formerKey).credentials.replace(owner, null, { token: "one" });
      const used = await refreshing.read(owner);
      let refreshed: string | null = null;
      services.keysAndSecrets.onReEncrypt = async () => {
        refreshed ??= await refreshing.replace(owner, used, { token: "two" });
      };
      expect(await portsWith(newKey).seals.renew(owner)).toEqual({ kind: key === formerKey ? "renewed" : "current" });
      expect(refreshed).toBe("stored");
      services.keysAndSecrets.disabled.add(formerKey);
      expect((await portsWith(newKey).credentials.read(owner))?.fields).toEqual({ token: "two" });
      services.keysAndSecrets.disabled.clear();
      services.keysAndSecrets.onReEncrypt = async () => {};
    }
  });

  it("does not stand in the way of a refresh that began before it", async () => {
    const owner = freshOwner();
    const { credentials } = portsWith(formerKey);
    await credentials.replace(owner, null, { token: "one" });
    const used = await credentials.read(owner);
    await portsWith(newKey).seals.renew(owner);
    expect(await credentials.replace(owner, used, { token: "two" })).toBe("stored");
  });

  it("gives up for now on one that is replaced each time that it looks, and overwrites none of them", async () => {
    const owner = freshOwner();
    const busy = portsWith(formerKey).credentials;
    await busy.overwrite(owner, { token: "0" });
    let stores = 0;
    services.keysAndSecrets.onReEncrypt = () => busy.overwrite(owner, { token: String(++stores) });
    expect(await portsWith(newKey).seals.renew(owner)).toEqual({ kind: "superseded" });
    services.keysAndSecrets.onReEncrypt = async () => {};
    expect((await portsWith(formerKey).credentials.read(owner))?.fields).toEqual({ token: String(stores) });
  });

  it("that KMS refuses, or that is none, is named and left", async () => {
    const [owner, damaged] = [freshOwner(), freshOwner()];
    await portsWith(formerKey).credentials.replace(owner, null, { token: "one" });
    services.keysAndSecrets.disabled.add(formerKey);
    expect(await portsWith(newKey).seals.renew(owner)).toEqual({ kind: "refused", reason: "DisabledException" });
    const pk = `${damaged.partner}#${damaged.connectionId}`;
    const Item = { pk: { S: pk }, sk: { S: "credential" }, revision: { N: "1" }, body: { S: "{}" } };
    await services.dynamo.send(new PutItemCommand({ TableName: table, Item }));
    const verdict = await portsWith(newKey).seals.renew(damaged);
    expect(verdict).toEqual({ kind: "refused", reason: `what is stored for ${pk} is no envelope` });
  });
});
