import { readFileSync } from "node:fs";
import { crc32 as zlibCrc32 } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { crc32 } from "../../../lib/engine/signatures/crc32.ts";
import { paypalSignature } from "../../../lib/engine/signatures/paypal.ts";
import type { KeyedRequest } from "../../../lib/engine/signatures/verifier.ts";

const Fixture = z.object({
  body: z.string(),
  id: z.string(),
  time: z.string(),
  webhookId: z.string(),
  root: z.string(),
  intermediate: z.string(),
  signed: z.record(z.string(), z.object({ certificates: z.string(), signature: z.string() })),
});
const file = new URL("../../fixtures/signatures/paypal-certificates.json", import.meta.url);
const fixture = Fixture.parse(JSON.parse(readFileSync(file, "utf8")));
const certificateUrl = "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1";
/** When all of the certificates are valid, but for the one that is not. */
const atMs = Date.UTC(2027, 0);

interface Given {
  readonly which?: string;
  readonly anchors?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly request?: Partial<KeyedRequest>;
}

function verify({ which = "of PayPal's name", anchors = [fixture.root], headers = {}, request = {} }: Given) {
  const signed = fixture.signed[which];
  if (signed === undefined) throw new Error(which);
  const asked: string[] = [];
  const verdict = paypalSignature({ anchors })({
    headers: {
      "paypal-auth-algo": "SHA256withRSA",
      "paypal-cert-url": certificateUrl,
      "paypal-transmission-id": fixture.id,
      "paypal-transmission-time": fixture.time,
      "paypal-transmission-sig": signed.signature,
      ...headers,
    },
    rawBody: new TextEncoder().encode(fixture.body),
    url: "https://hooks.example.com/webhooks/paypal",
    method: "POST",
    secrets: [fixture.webhookId],
    nowMs: atMs,
    keys(id) {
      asked.push(id);
      return signed.certificates;
    },
    ...request,
  });
  return { verdict, asked };
}

const refused = (reason: string) => ({ ok: false, reason });

describe("the certificate", () => {
  test("of PayPal's name that leads to a root is trusted, and one that an anchor issued itself", () => {
    expect(verify({}).verdict).toEqual({ ok: true });
    expect(verify({ which: "alone", anchors: [fixture.intermediate] }).verdict).toEqual({ ok: true });
  });

  test.each([
    ["of another name", [fixture.root]],
    ["of the live name", [fixture.root]],
    ["expired", [fixture.root]],
    ["signed by itself", [fixture.root]],
    ["issued by one that may not issue", [fixture.root]],
    ["of a stranger's root of the same name", [fixture.root]],
    ["alone", [fixture.root]],
    ["of PayPal's name", []],
    ["of PayPal's name", ["no certificate"]],
  ])("%s is not, although its key signed rightly", (which, anchors) => {
    expect(verify({ which, anchors }).verdict).toEqual(refused("untrusted-key"));
  });

  test("with names and key ids in order, and a signature that its issuer never made, is not", () => {
    const [, base64 = ""] =
      /-----BEGIN CERTIFICATE-----([^-]+)/.exec(fixture.signed["alone"]?.certificates ?? "") ?? [];
    const der = Buffer.from(base64, "base64");
    const last = der.byteLength - 1;
    der.writeUInt8(der.readUInt8(last) ^ 1, last);
    const forged = `-----BEGIN CERTIFICATE-----\n${der.toString("base64")}\n-----END CERTIFICATE-----\n`;
    const anchors = [fixture.intermediate];
    expect(verify({ anchors, request: { keys: () => forged } }).verdict).toEqual(refused("untrusted-key"));
  });

  test("is held to its dates, and to being one", () => {
    expect(verify({ request: { nowMs: Date.UTC(2019, 0) } }).verdict).toEqual(refused("untrusted-key"));
    expect(verify({ request: { nowMs: Date.UTC(2121, 0) } }).verdict).toEqual(refused("untrusted-key"));
    const one = fixture.signed["of PayPal's name"]?.certificates ?? "";
    for (const text of ["", "nonsense", one.replace("MII", "MIJ"), one.repeat(10), "x".repeat(100_000)])
      expect(verify({ request: { keys: () => text } }).verdict).toEqual(refused("untrusted-key"));
  });

  test.each([
    "https://api.sandbox.paypal.com.evil.example/v1/notifications/certs/CERT-1",
    "https://evil.example/v1/notifications/certs/CERT-1",
    "http://api.sandbox.paypal.com/v1/notifications/certs/CERT-1",
    "https://api.sandbox.paypal.com@evil.example/v1/notifications/certs/CERT-1",
    "https://api.sandbox.paypal.com:8443/v1/notifications/certs/CERT-1",
    "https://api.sandbox.paypal.com/v1/notifications/certs/../../x",
    "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1?x=1",
    "https://api.sandbox.paypal.com/v1/notifications/certs/",
    "https://169.254.169.254/v1/notifications/certs/CERT-1",
    "file:///etc/passwd",
  ])("at %s is never asked for", (url) => {
    expect(verify({ headers: { "paypal-cert-url": url } })).toEqual({ verdict: refused("untrusted-key"), asked: [] });
  });

  test("that is not at hand is asked for by its address, and only when all else is in order", () => {
    const unknown = { ok: false, reason: "unknown-key", wanted: certificateUrl };
    expect(verify({ request: { keys: () => null } }).verdict).toEqual(unknown);
    expect(verify({ headers: { "paypal-auth-algo": "SHA1withRSA" } })).toEqual({
      verdict: refused("wrong-algorithm"),
      asked: [],
    });
    expect(verify({ headers: { "paypal-transmission-sig": "é" } })).toEqual({
      verdict: refused("malformed-header"),
      asked: [],
    });
    expect(verify({ request: { secrets: [] } })).toEqual({ verdict: refused("no-secret"), asked: [] });
  });
});

describe("the signature", () => {
  test("covers id, time, webhook and body", () => {
    expect(verify({ headers: { "paypal-transmission-id": "another" } }).verdict).toEqual(refused("mismatch"));
    expect(verify({ headers: { "paypal-transmission-time": "2026-11-20T12:00:01Z" } }).verdict).toEqual(
      refused("mismatch"),
    );
    expect(verify({ request: { secrets: ["another"] } }).verdict).toEqual(refused("mismatch"));
    expect(verify({ request: { secrets: ["another", fixture.webhookId] } }).verdict).toEqual({ ok: true });
    expect(verify({ request: { rawBody: new TextEncoder().encode(`${fixture.body} `) } }).verdict).toEqual(
      refused("mismatch"),
    );
  });

  test.each(["", "AAAA", "A".repeat(344)])("of %j is refused", (signature) => {
    expect(verify({ headers: { "paypal-transmission-sig": signature } }).verdict.ok).toBe(false);
  });
});

test("the checksum is gzip's", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  fc.assert(fc.property(fc.uint8Array(), (bytes) => crc32(bytes) === zlibCrc32(bytes)));
});
