import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judge } from "../../../lib/engine/signatures/diagnosis/judge.ts";
import { schemes } from "../../../lib/engine/signatures/diagnosis/schemes.ts";
import type { Subject } from "../../../lib/engine/signatures/diagnosis/subject.ts";
import type { KeyedVerdict } from "../../../lib/engine/signatures/verifier.ts";
import { senders } from "./senders.ts";
import type { Sender } from "./senders.ts";

const nowMs = Date.UTC(2026, 10, 20, 12);
const body = new TextEncoder().encode('{"id":"evt_1","amount":"10 €"}');
const cases = senders.map((sender, index) => ({ name: `${sender.scheme} (${index})`, sender }));

function subjectOf(sender: Sender, over: Partial<Subject> = {}): Subject {
  return {
    ...sender.send(body, nowMs, sender.secret),
    method: "POST",
    secrets: [sender.secret],
    nowMs,
    key: sender.key ?? null,
    parameters: sender.parameters ?? {},
    ...over,
  };
}

function verify(sender: Sender, over: Partial<Subject> = {}): KeyedVerdict {
  const entry = schemes.get(sender.scheme);
  if (entry === undefined) throw new Error(sender.scheme);
  return judge(entry, subjectOf(sender, over));
}

/** Plaid's key is public: there is no secret that could be missing. */
const hasSecret = ({ secret }: Sender): boolean => secret !== "";

describe.each(cases)("$name", ({ sender }) => {
  const sent = sender.send(body, nowMs, sender.secret);

  test("takes what its partner signed, and a body of any bytes", () => {
    expect(verify(sender)).toEqual({ ok: true });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(verify(sender, sender.send(bytes, nowMs, sender.secret))).toEqual({ ok: true });
      }),
      { numRuns: 20 },
    );
  });

  test("takes either of two secrets, and neither a third nor none", () => {
    if (!hasSecret(sender)) return;
    expect(verify(sender, { secrets: [sender.other, sender.secret] })).toEqual({ ok: true });
    expect(verify(sender, { secrets: [sender.secret, sender.other] })).toEqual({ ok: true });
    expect(verify(sender, { secrets: [sender.other] }).ok).toBe(false);
    expect(verify(sender, { secrets: [] })).toEqual({ ok: false, reason: "no-secret" });
    expect(verify(sender, { secrets: [""] })).toEqual({ ok: false, reason: "no-secret" });
  });

  test("does not take a request without its headers, or with one of them empty, cut, longer or huge", () => {
    for (const [name, value] of Object.entries(sent.headers)) {
      const { [name]: _, ...rest } = sent.headers;
      // A missing version of HubSpot's means version 1.
      if (name !== "x-hubspot-signature-version")
        expect(verify(sender, { headers: rest })).toMatchObject({ reason: "missing-header" });
      for (const other of [
        "",
        value.slice(0, -1),
        `${value}0`,
        `${value}=`,
        value.slice(1),
        "\u{1F600}".repeat(9_000),
        "=",
        ".",
      ])
        expect(verify(sender, { headers: { ...rest, [name]: other } }).ok, `${name}: ${other.slice(0, 40)}`).toBe(
          false,
        );
    }
  });

  test("does not take any one bit changed in what is signed", () => {
    if (sender.covers.body)
      for (const [index] of sent.rawBody.entries()) {
        const rawBody = sent.rawBody.map((byte, at) => (at === index ? byte ^ 1 : byte));
        expect(verify(sender, { rawBody }).ok, `byte ${index}`).toBe(false);
      }
    if (sender.covers.url) {
      const last = sent.url.at(-1) === "0" ? "1" : "0";
      expect(verify(sender, { url: `${sent.url.slice(0, -1)}${last}` }).ok).toBe(false);
      expect(verify(sender, { url: "" }).ok).toBe(false);
    }
    if (sender.covers.method) expect(verify(sender, { method: "PUT" }).ok).toBe(false);
  });

  test("holds to its window, past and future, to the millisecond", () => {
    const window = sender.toleranceMs;
    if (window === null) {
      expect(verify(sender, { nowMs: nowMs + 365 * 86_400_000 })).toEqual({ ok: true });
      return;
    }
    expect(verify(sender, { nowMs: nowMs + window.past })).toEqual({ ok: true });
    expect(verify(sender, { nowMs: nowMs - window.future })).toEqual({ ok: true });
    expect(verify(sender, { nowMs: nowMs + window.past + 1 })).toEqual({ ok: false, reason: "stale" });
    expect(verify(sender, { nowMs: nowMs - window.future - 1 })).toEqual({ ok: false, reason: "stale" });
  });

  test("takes nothing that strangers make up of its parts, and never throws", () => {
    const parts = [...Object.values(sent.headers).flatMap((value) => [value, ...value.split(/[,=. ]/)]), ",", "=", "."];
    const text = fc
      .array(fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(...parts)), { maxLength: 8 })
      .map((chosen) => chosen.join(""));
    const headers = fc.record(Object.fromEntries(Object.keys(sent.headers).map((name) => [name, text])));
    const stranger = { secrets: hasSecret(sender) ? [sender.other] : [], key: null };
    fc.assert(
      fc.property(headers, fc.uint8Array(), fc.webUrl({ withQueryParameters: true }), (made, rawBody, url) => {
        expect(verify(sender, { headers: made, rawBody, url, ...stranger }).ok).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});
