import { GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createIngestPorts } from "../../lib/aws/ingest-ports.ts";
import { BadSecret } from "../../lib/aws/partner-secret.ts";
import { createPorts } from "../../lib/aws/ports.ts";
import { partnerSecretNameFor, tableNameFor } from "../../lib/engine/names.ts";
import type { PartnerSecrets } from "../../lib/engine/ports.ts";
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

const table = tableNameFor(stage, "connections");

function portsAt(clock: VirtualClock) {
  return createPorts(services.source, registryOf([]), { clock, random: new SeededRandom(1) });
}

function callsSince(from: number): string[] {
  return services.keysAndSecrets.calls.slice(from);
}

describe("stored credentials", () => {
  const key = (owner: { partner: string; connectionId: string }) => ({
    pk: { S: `${owner.partner}#${owner.connectionId}` },
    sk: { S: "credential" },
  });

  it("are ciphertext in the table", async () => {
    const owner = freshOwner();
    await portsAt(new VirtualClock()).credentials.overwrite(owner, { apiKey: "the-secret-itself" });
    const { Item } = await services.dynamo.send(new GetItemCommand({ TableName: table, Key: key(owner) }));
    const text = JSON.stringify(Item);
    expect(text).toContain("sealedKey");
    for (const part of [
      "the-secret-itself",
      "apiKey",
      Buffer.from("the-secret-itself").toString("base64").slice(0, 12),
    ]) {
      expect(text).not.toContain(part);
    }
  });

  it("open for the connection they were sealed for, and for no other they are moved to", async () => {
    const [owner, thief] = [freshOwner(), freshOwner()];
    await portsAt(new VirtualClock()).credentials.overwrite(owner, { apiKey: "x" });
    const { Item } = await services.dynamo.send(new GetItemCommand({ TableName: table, Key: key(owner) }));
    await services.dynamo.send(new PutItemCommand({ TableName: table, Item: { ...Item, ...key(thief) } }));
    await expect(portsAt(new VirtualClock()).credentials.read(thief)).rejects.toMatchObject({
      name: "InvalidCiphertextException",
    });
    expect((await portsAt(new VirtualClock()).credentials.read(owner))?.fields).toEqual({ apiKey: "x" });
  });

  it("are opened once a minute, and again when another worker is found to have replaced them", async () => {
    const owner = freshOwner();
    const clock = new VirtualClock();
    const [mine, others] = [portsAt(clock).credentials, portsAt(clock).credentials];
    await others.overwrite(owner, { token: "one" });
    const from = services.keysAndSecrets.calls.length;
    const used = await mine.read(owner);
    await mine.read(owner);
    expect(callsSince(from)).toEqual(["Decrypt"]);
    await others.overwrite(owner, { token: "two" });
    clock.advance(59_999);
    expect((await mine.read(owner))?.fields).toEqual({ token: "one" });
    expect(await mine.replace(owner, used, { token: "late" })).toBe("superseded");
    expect((await mine.read(owner))?.fields).toEqual({ token: "two" });
    await others.overwrite(owner, { token: "three" });
    clock.advance(60_001);
    expect((await mine.read(owner))?.fields).toEqual({ token: "three" });
  });

  it("of at most 200 connections are kept open at once", async () => {
    const { credentials } = portsAt(new VirtualClock());
    const owners = Array.from({ length: 201 }, freshOwner);
    for (const owner of owners) await credentials.replace(owner, null, { token: "x" });
    const from = services.keysAndSecrets.calls.length;
    for (const owner of owners.slice(1)) await credentials.read(owner);
    expect(callsSince(from)).toEqual([]);
    const [first] = owners;
    if (first !== undefined) await credentials.read(first);
    expect(callsSince(from)).toEqual(["Decrypt"]);
  });
});

const readers: readonly { readonly name: string; readonly open: (clock: VirtualClock) => PartnerSecrets }[] = [
  { name: "the SDK", open: (clock) => portsAt(clock).partnerSecrets },
  {
    name: "the webhook function's own signer",
    open: (clock) => {
      const source = { ...services.source, AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "key" };
      return createIngestPorts(source, registryOf([]), { clock, random: new SeededRandom(1) }).partnerSecrets;
    },
  },
];

it("a webhook function asks for a partner's secret that is not there once in ten seconds, whoever posts", async () => {
  const clock = new VirtualClock();
  const secrets = readers[1]?.open(clock);
  const { partner } = freshOwner();
  const from = services.keysAndSecrets.calls.length;
  for (let posts = 0; posts < 40; posts++) {
    expect(await secrets?.read(partner)).toBeNull();
    expect(await secrets?.read(partner, { fresh: true })).toBeNull();
    clock.advance(500);
  }
  expect(callsSince(from)).toEqual(["GetSecretValue", "GetSecretValue"]);
});

it("a webhook function asks for a partner's secret that is broken once in ten seconds, and finds it when it is mended", async () => {
  const clock = new VirtualClock();
  const secrets = readers[1]?.open(clock);
  const { partner } = freshOwner();
  const set = (content: string) => services.keysAndSecrets.secrets.set(partnerSecretNameFor(stage, partner), content);
  set('{"connectionKey":"short"}');
  const from = services.keysAndSecrets.calls.length;
  for (let posts = 0; posts < 40; posts++) {
    await expect(secrets?.read(partner)).rejects.toThrow(BadSecret);
    await expect(secrets?.read(partner, { fresh: true })).rejects.toThrow(BadSecret);
    clock.advance(500);
  }
  expect(callsSince(from)).toEqual(["GetSecretValue", "GetSecretValue"]);
  set(JSON.stringify({ connectionKey: "a-key-of-16-characters" }));
  expect(await secrets?.read(partner)).toMatchObject({ webhookSecrets: [] });
});

it("a webhook function works with the secret that it knows while the stored one is broken", async () => {
  const clock = new VirtualClock();
  const secrets = readers[1]?.open(clock);
  const { partner } = freshOwner();
  const set = (content: string) => services.keysAndSecrets.secrets.set(partnerSecretNameFor(stage, partner), content);
  set(JSON.stringify({ connectionKey: "a-key-of-16-characters", webhookSecrets: ["known"] }));
  await secrets?.read(partner);
  set("broken");
  clock.advance(20_000);
  await expect(secrets?.read(partner, { fresh: true })).rejects.toThrow(BadSecret);
  expect(await secrets?.read(partner)).toMatchObject({ webhookSecrets: ["known"] });
});

describe.each(readers)("a partner's secret, by $name", ({ open }) => {
  const set = (partner: string, content: string) =>
    services.keysAndSecrets.secrets.set(partnerSecretNameFor(stage, partner), content);

  it("is fetched once a minute", async () => {
    const { partner } = freshOwner();
    const clock = new VirtualClock();
    const secrets = open(clock);
    set(partner, JSON.stringify({ connectionKey: "a-key-of-16-characters", webhookSecrets: ["old"], extra: 1 }));
    const old = { connectionKey: "a-key-of-16-characters", webhookSecrets: ["old"], app: {} };
    expect(await secrets.read(partner)).toEqual(old);
    set(
      partner,
      JSON.stringify({ connectionKey: "a-key-of-16-characters", webhookSecrets: ["old", "new"], app: { a: "b" } }),
    );
    clock.advance(59_999);
    expect(await secrets.read(partner)).toEqual(old);
    clock.advance(1);
    expect(await secrets.read(partner)).toMatchObject({ webhookSecrets: ["old", "new"], app: { a: "b" } });
  });

  it("is fetched again for whoever has reason to, at most once in ten seconds", async () => {
    const { partner } = freshOwner();
    const clock = new VirtualClock();
    const secrets = open(clock);
    const content = (secret: string) =>
      JSON.stringify({ connectionKey: "a-key-of-16-characters", webhookSecrets: [secret] });
    set(partner, content("old"));
    await secrets.read(partner);
    set(partner, content("new"));
    const from = services.keysAndSecrets.calls.length;
    clock.advance(9_999);
    expect(await secrets.read(partner, { fresh: true })).toMatchObject({ webhookSecrets: ["old"] });
    clock.advance(1);
    expect(await secrets.read(partner)).toMatchObject({ webhookSecrets: ["old"] });
    expect(callsSince(from)).toEqual([]);
    for (let times = 0; times < 100; times++)
      expect(await secrets.read(partner, { fresh: true })).toMatchObject({ webhookSecrets: ["new"] });
    expect(callsSince(from)).toEqual(["GetSecretValue"]);
    // Whoever has none is served what was fetched for the others.
    expect(await secrets.read(partner)).toMatchObject({ webhookSecrets: ["new"] });
  });

  it("that is not what it must be says where, and never what", async () => {
    const { partner } = freshOwner();
    for (const content of [
      "",
      "hunter2-is-no-json",
      '{"webhookSecrets":["hunter2"]}',
      '{"connectionKey":"hunter2"}',
      '["hunter2"]',
    ]) {
      set(partner, content);
      const failed = await open(new VirtualClock())
        .read(partner)
        .catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(BadSecret);
      expect(String(failed)).toContain(partnerSecretNameFor(stage, partner));
      expect(String(failed)).not.toContain("hunter2");
    }
  });

  it("that is not there is null, and found within ten seconds of being there", async () => {
    const { partner } = freshOwner();
    const clock = new VirtualClock();
    const secrets = open(clock);
    expect(await secrets.read(partner)).toBeNull();
    set(partner, JSON.stringify({ connectionKey: "a-key-of-16-characters" }));
    clock.advance(10_000);
    expect(await secrets.read(partner)).toMatchObject({ webhookSecrets: [] });
  });
});
