import type { LookupAddress } from "node:dns";
import { createServer } from "node:net";
import type { AddressInfo, LookupFunction } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AddressRefused, createCheckedLookup } from "../../lib/aws/checked-lookup.ts";
import { isPublicAddress } from "../../lib/aws/outbound-address.ts";
import { createTransport } from "../../lib/aws/transport.ts";
import type { Outside } from "../../lib/aws/transport.ts";

/** Every connection that this machine's own listener was made to take, by the address that it came in at. */
const taken: string[] = [];
const listener = createServer((socket) => {
  taken.push(socket.localAddress ?? "");
  socket.destroy();
});
let port = 0;

beforeAll(async () => {
  await new Promise<void>((resolve) => listener.listen(0, "0.0.0.0", () => resolve()));
  // A server that listens on a port has an address with one.
  port = (listener.address() as AddressInfo).port;
});
beforeEach(() => void taken.splice(0));
afterAll(async () => {
  await new Promise<void>((resolve) => listener.close(() => resolve()));
});

/** A name server that answers each question with the next of these. */
function answering(answers: readonly (readonly string[])[]): { readonly resolve: LookupFunction; asked: () => number } {
  let asked = 0;
  const resolve: LookupFunction = (_hostname, options, answer) => {
    const addresses = (answers[Math.min(asked, answers.length - 1)] ?? []).map((address): LookupAddress => ({
      address,
      family: address.includes(":") ? 6 : 4,
    }));
    asked += 1;
    if (options.all === true) answer(null, addresses);
    else answer(null, addresses[0]?.address ?? "", addresses[0]?.family);
  };
  return { resolve, asked: () => asked };
}

const get = { method: "GET", headers: {}, body: null, timeoutMs: 2_000, bytesMax: 1_000 } as const;
const refused = { kind: "lost", reason: "network", detail: "ADDRESS_REFUSED" };
const deployed = (resolve: LookupFunction): Outside => ({ resolve, isAllowed: isPublicAddress });

const inside = [
  "127.0.0.1",
  "127.255.255.254",
  "0.0.0.0",
  "0.1.2.3",
  "10.0.0.1",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "169.254.169.254",
  "169.254.170.2",
  "100.64.0.1",
  "100.127.255.255",
  "192.0.0.192",
  "192.0.2.1",
  "192.88.99.1",
  "198.18.0.1",
  "198.51.100.7",
  "203.0.113.7",
  "224.0.0.1",
  "239.255.255.255",
  "240.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::127.0.0.1",
  "::a9fe:a9fe",
  "::ffff:127.0.0.1",
  "::ffff:a9fe:a9fe",
  "::ffff:0:127.0.0.1",
  "64:ff9b::7f00:1",
  "64:ff9b::10.0.0.1",
  "64:ff9b:1::a9fe:a9fe",
  "100::1",
  "2001::1",
  "2001:0:7f00:1::",
  "2001:db8::1",
  "2002:7f00:1::",
  "2002:a9fe:a9fe::1",
  "3fff::1",
  "fc00::1",
  "fd00:ec2::254",
  "fd12:3456:789a::1",
  "fe80::1",
  "fe80::1%1",
  "fec0::1",
  "ff02::1",
];
const outside = [
  "1.1.1.1",
  "9.255.255.255",
  "11.0.0.0",
  "100.63.255.255",
  "100.128.0.0",
  "172.15.255.255",
  "172.32.0.0",
  "192.167.255.255",
  "223.255.255.255",
  "2606:4700:4700::1111",
  "2001:4860:4860::8888",
  "2a00:1450:4001:80b::200e",
];
/** Spellings that the URL standard takes for 127.0.0.1 or 169.254.169.254, and hosts that are addresses as they stand. */
const spellings = [
  "2130706433",
  "0x7f000001",
  "0x7f.1",
  "0177.0.0.1",
  "017700000001",
  "127.1",
  "127.0.0.1.",
  "127.0.0.1",
  "1２7.0.0.1",
  "%31%32%37.0.0.1",
  "2852039166",
  "0xa9fea9fe",
  "169.254.43518",
  "0",
  "[::1]",
  "[0:0:0:0:0:0:0:1]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[fd00:ec2::254]",
  "[64:ff9b::169.254.169.254]",
];

describe("an address", () => {
  it.each(inside)("%s is not of the public internet", (address) => expect(isPublicAddress(address)).toBe(false));
  it.each(outside)("%s is", (address) => expect(isPublicAddress(address)).toBe(true));
  it.each(["", "localhost", "127.1", "1.1.1.1 ", "1.1.1.1:443", "[2606:4700::1]"])("%j is none at all", (text) =>
    expect(isPublicAddress(text)).toBe(false),
  );

  it("that is private stays so in whatever IPv6 form it travels", () => {
    const octet = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(octet, octet, octet, octet, (a, b, c, d) => {
        const hex = [a * 256 + b, c * 256 + d].map((group) => group.toString(16)).join(":");
        const forms = [`::ffff:${hex}`, `::${hex}`, `::ffff:0:${hex}`, `64:ff9b::${hex}`, `2002:${hex}::1`];
        expect(forms.filter(isPublicAddress)).toEqual([]);
      }),
    );
  });
});

describe("a deployed transport", () => {
  it.each(inside)("sends nothing to a name that leads to %s", async (address) => {
    const transport = createTransport(new Map(), deployed(answering([[address]]).resolve));
    expect(await transport.send({ ...get, url: `https://api.partner.example:${port}/` })).toEqual(refused);
    expect(taken).toEqual([]);
  });

  it("sends nothing to a name that leads outside and inside at once", async () => {
    const transport = createTransport(new Map(), deployed(answering([["1.1.1.1", "127.0.0.1"]]).resolve));
    expect(await transport.send({ ...get, url: `https://api.partner.example:${port}/` })).toEqual(refused);
    expect(taken).toEqual([]);
  });

  it.each(spellings)("sends nothing to the host %s, and asks no name server for it", async (host) => {
    const names = answering([["1.1.1.1"]]);
    const transport = createTransport(new Map(), deployed(names.resolve));
    expect(await transport.send({ ...get, url: `https://${host}:${port}/latest/meta-data/` })).toEqual(refused);
    expect([taken, names.asked()]).toEqual([[], 0]);
  });

  it("sends nothing to localhost, which this machine itself would resolve", async () => {
    const transport = createTransport(new Map());
    expect(await transport.send({ ...get, url: `https://localhost:${port}/` })).toEqual(refused);
    expect(taken).toEqual([]);
  });

  it.each(["http://1.1.1.1/", "ftp://1.1.1.1/", "file:///etc/passwd", "data:,x"])(
    "sends nothing to %s",
    async (url) => {
      const got = await createTransport(new Map()).send({ ...get, url });
      expect(got).toEqual({ kind: "lost", reason: "network", detail: "NOT_HTTPS" });
    },
  );
});

describe("a name server that changes its mind", () => {
  // 127.0.0.2 plays the public address: the only one that a test can let a call out to.
  const onlyTwo = (resolve: LookupFunction): Outside => ({ resolve, isAllowed: (address) => address === "127.0.0.2" });

  it("is asked once a connection, which is made to the address that was checked", async () => {
    const names = answering([["127.0.0.2"], ["127.0.0.1"]]);
    const transport = createTransport(new Map(), onlyTwo(names.resolve));
    await transport.send({ ...get, url: `https://api.partner.example:${port}/` });
    expect([taken, names.asked()]).toEqual([["127.0.0.2"], 1]);
  });

  it("is refused as soon as it says the other thing", async () => {
    const names = answering([["127.0.0.2"], ["127.0.0.1"], ["127.0.0.2", "127.0.0.1"]]);
    const transport = createTransport(new Map(), onlyTwo(names.resolve));
    const url = `https://api.partner.example:${port}/`;
    await transport.send({ ...get, url });
    expect(await transport.send({ ...get, url })).toEqual(refused);
    expect(await transport.send({ ...get, url })).toEqual(refused);
    expect(taken).toEqual(["127.0.0.2"]);
  });

  it("gets nothing through in either of the forms that Node asks in", () => {
    expect.assertions(4);
    for (const all of [true, false]) {
      const lookup = createCheckedLookup(answering([["169.254.169.254"]]).resolve, isPublicAddress);
      lookup("metadata.partner.example", { all }, (error, found) => {
        expect(error).toBeInstanceOf(AddressRefused);
        expect(found).toEqual([]);
      });
    }
  });
});
