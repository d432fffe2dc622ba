import { createHmac } from "node:crypto";
import * as fc from "fast-check";
import { Stripe } from "stripe";
import { describe, expect, test } from "vitest";
import { stripeSignature } from "../../../lib/engine/signatures/stripe.ts";
import type { RejectionReason, SignedRequest, Verdict } from "../../../lib/engine/signatures/verifier.ts";

const secret = "whsec_test_secret";
const payload = '{"id":"evt_1","object":"event","amount":"10 €"}';
const atSeconds = 1_790_000_000;

/** Stripe's own package signs: it shares no code with the verifier. */
function signed(over: { payload?: string; secret?: string; timestamp?: number; scheme?: string } = {}): string {
  return Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp: atSeconds, ...over });
}

function verify(header: string | undefined, over: Partial<SignedRequest> = {}): Verdict {
  return stripeSignature({
    headers: header === undefined ? {} : { "stripe-signature": header },
    rawBody: new TextEncoder().encode(payload),
    url: "https://hooks.example.com/webhooks/stripe",
    method: "POST",
    secrets: [secret],
    nowMs: atSeconds * 1000,
    ...over,
  });
}

const refused = (reason: RejectionReason): Verdict => ({ ok: false, reason });

describe("what the stripe package signed", () => {
  test("is taken", () => {
    expect(verify(signed())).toEqual({ ok: true });
  });

  test("is not taken with any one byte of the body changed", () => {
    const body = new TextEncoder().encode(payload);
    for (let index = 0; index < body.length; index++) {
      const changed = body.map((byte, at) => (at === index ? byte ^ 1 : byte));
      expect(verify(signed(), { rawBody: changed })).toEqual(refused("mismatch"));
    }
  });

  test("is not taken with any one character of the header changed", () => {
    const header = signed();
    for (let index = 0; index < header.length; index++) {
      const other = header[index] === "0" ? "1" : "0";
      expect(verify(`${header.slice(0, index)}${other}${header.slice(index + 1)}`).ok).toBe(false);
    }
  });

  test("is not taken with the body in another encoding, or cut, or longer", () => {
    expect(verify(signed(), { rawBody: Buffer.from(payload, "utf16le") })).toEqual(refused("mismatch"));
    expect(verify(signed(), { rawBody: new TextEncoder().encode(payload.slice(1)) })).toEqual(refused("mismatch"));
    expect(verify(signed(), { rawBody: new TextEncoder().encode(`${payload} `) })).toEqual(refused("mismatch"));
    expect(verify(signed(), { rawBody: new Uint8Array() })).toEqual(refused("mismatch"));
  });

  test("signatures over bytes that are no UTF-8 verify, as nothing is decoded on the way", () => {
    const rawBody = new Uint8Array([0xff, 0x00, 0xfe]);
    const hex = createHmac("sha256", secret).update(`${atSeconds}.`).update(rawBody).digest("hex");
    expect(verify(`t=${atSeconds},v1=${hex}`, { rawBody })).toEqual({ ok: true });
    expect(verify(`t=${atSeconds},v1=${hex}`, { rawBody: new Uint8Array([0xfe, 0x00, 0xff]) }).ok).toBe(false);
  });

  test("agrees with the package on any body and secret", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1 }), fc.stringMatching(/^whsec_\w{1,40}$/), (body, key) => {
        const header = signed({ payload: body, secret: key });
        expect(verify(header, { rawBody: new TextEncoder().encode(body), secrets: [key] })).toEqual({ ok: true });
        expect(verify(header, { rawBody: new TextEncoder().encode(`${body}x`), secrets: [key] }).ok).toBe(false);
        expect(verify(header, { rawBody: new TextEncoder().encode(body), secrets: [`${key}x`] }).ok).toBe(false);
      }),
    );
  });
});

describe("secrets", () => {
  test("none, or only empty ones, reject everything", () => {
    expect(verify(signed(), { secrets: [] })).toEqual(refused("no-secret"));
    expect(verify(signed({ secret: "x" }), { secrets: [""] })).toEqual(refused("no-secret"));
    expect(verify(undefined, { secrets: [] })).toEqual(refused("no-secret"));
  });

  test("any of several may have signed, and a header may hold several signatures", () => {
    const rolled = signed({ secret: "whsec_new" });
    expect(verify(rolled, { secrets: [secret, "whsec_new"] })).toEqual({ ok: true });
    expect(verify(rolled)).toEqual(refused("mismatch"));
    const [, v1] = rolled.split(",");
    expect(verify(`${signed()},${v1}`)).toEqual({ ok: true });
    expect(verify(`t=${atSeconds},${v1},${signed().split(",")[1]}`)).toEqual({ ok: true });
  });

  test("is used whole: the part after whsec_ is another key", () => {
    expect(verify(signed({ secret: "test_secret" }))).toEqual(refused("mismatch"));
  });
});

describe("the time of signing", () => {
  test.each([-300, -1, 0, 1, 300])("%i s off is taken", (offSeconds) => {
    expect(verify(signed(), { nowMs: (atSeconds + offSeconds) * 1000 })).toEqual({ ok: true });
  });

  test.each([-86_400, -301, 301, 86_400])("%i s off is stale, past or future", (offSeconds) => {
    expect(verify(signed(), { nowMs: (atSeconds + offSeconds) * 1000 })).toEqual(refused("stale"));
  });

  test("a millisecond over the tolerance is over it", () => {
    expect(verify(signed(), { nowMs: (atSeconds + 300) * 1000 + 1 })).toEqual(refused("stale"));
    expect(verify(signed(), { nowMs: (atSeconds - 300) * 1000 - 1 })).toEqual(refused("stale"));
  });

  test("what nobody signed is a mismatch whatever its time", () => {
    expect(verify(signed({ secret: "whsec_other", timestamp: 1 }))).toEqual(refused("mismatch"));
  });

  test("is signed: another time with the same signature is a mismatch", () => {
    expect(verify(signed().replace(`t=${atSeconds}`, `t=${atSeconds + 1}`))).toEqual(refused("mismatch"));
    expect(verify(signed().replace(`t=${atSeconds}`, `t=0${atSeconds}`))).toEqual(refused("mismatch"));
  });
});

describe("headers", () => {
  const hex = signed().split("v1=")[1] ?? "";

  test("v0 and unknown schemes prove nothing", () => {
    expect(verify(signed({ scheme: "v0" }))).toEqual(refused("malformed-header"));
    expect(verify(signed({ scheme: "v2" }))).toEqual(refused("malformed-header"));
    expect(verify(`${signed()},v0=${"0".repeat(64)},v9=x,=,`)).toEqual({ ok: true });
  });

  test.each([undefined, ""])("%j is a missing header", (header) => {
    expect(verify(header)).toEqual(refused("missing-header"));
  });

  test.each([
    "nonsense",
    `v1=${hex}`,
    `t=${atSeconds}`,
    `t=,v1=${hex}`,
    `t=abc,v1=${hex}`,
    `t=1e9,v1=${hex}`,
    `t=-1,v1=${hex}`,
    `t=${"9".repeat(13)},v1=${hex}`,
    `t=${atSeconds},t=${atSeconds},v1=${hex}`,
    `T=${atSeconds},V1=${hex}`,
    `t=${atSeconds},v1=${hex}${" ".repeat(5_000)}`,
  ])("%j is malformed", (header) => {
    expect(verify(header)).toEqual(refused("malformed-header"));
  });

  test.each([
    ["shorter", hex.slice(1)],
    ["longer", `${hex}0`],
    ["empty", ""],
    ["not hex", "z".repeat(64)],
    ["in upper case", hex.toUpperCase()],
    ["of wide characters", "é".repeat(64)],
  ])("a signature that is %s is a mismatch and no exception", (_name, signature) => {
    expect(verify(`t=${atSeconds},v1=${signature}`)).toEqual(refused("mismatch"));
  });

  test("no header that nobody signed is ever taken, and none throws", () => {
    const part = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("t=", "v1=", "v0=", ",", "=", `${atSeconds}`, "0".repeat(64), hex.slice(0, 63)),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), fc.uint8Array(), (parts, rawBody) => {
        expect(verify(parts.join(""), { rawBody, secrets: ["whsec_unknown"] }).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});
