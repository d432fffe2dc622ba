import { describe, expect, test } from "vitest";
import * as z from "zod";
import { ownToken } from "../../../lib/engine/signatures/own-token.ts";
import { answerTokenRequest } from "../../../lib/engine/signatures/token-endpoint.ts";
import type { SignedRequest } from "../../../lib/engine/signatures/verifier.ts";

const nowMs = Date.UTC(2026, 10, 20, 12);
const client = "booking:an-invented-secret&more";
const rotated = "booking:another-invented-secret";
const Answer = z.object({ access_token: z.string(), token_type: z.literal("Bearer"), expires_in: z.number() });
const form = "grant_type=client_credentials";
const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString("base64")}` });

function ask(body: string, headers: Readonly<Record<string, string>> = {}, secrets: readonly string[] = [client]) {
  const rawBody = new TextEncoder().encode(body);
  return answerTokenRequest({ headers, rawBody, secrets, nowMs }, "booking");
}

function tokenFor(secrets: readonly string[] = [client], header = basic(client.replace("&", "%26"))): string {
  const answer = ask(form, header, secrets);
  expect(answer.status).toBe(200);
  return Answer.parse(JSON.parse(answer.body)).access_token;
}

function verify(token: string, over: Partial<SignedRequest> = {}, audience = "booking") {
  return ownToken(audience)({
    headers: { authorization: `Bearer ${token}` },
    rawBody: new Uint8Array(),
    url: "https://hooks.example.com/webhooks/booking",
    method: "POST",
    secrets: [client],
    nowMs,
    ...over,
  });
}

describe("a token that the partner fetched from us", () => {
  test("lets its webhooks in for an hour", () => {
    const token = tokenFor();
    expect(verify(token)).toEqual({ ok: true });
    expect(verify(token, { nowMs: nowMs + 3_599_999 })).toEqual({ ok: true });
    expect(verify(token, { nowMs: nowMs + 3_600_000 })).toEqual({ ok: false, reason: "stale" });
    expect(verify(token, { nowMs: nowMs - 5_001 })).toEqual({ ok: false, reason: "stale" });
  });

  test("goes with the secret that it was fetched with, and stays while both are in use", () => {
    const token = tokenFor();
    expect(verify(token, { secrets: [rotated] })).toEqual({ ok: false, reason: "mismatch" });
    expect(verify(token, { secrets: [rotated, client] })).toEqual({ ok: true });
  });

  test("is none of another partner's, and none of another client's", () => {
    expect(verify(tokenFor(), {}, "other")).toEqual({ ok: false, reason: "wrong-claims" });
    expect(verify(tokenFor(), { secrets: ["other:an-invented-secret&more"] })).toEqual({
      ok: false,
      reason: "mismatch",
    });
  });

  test("is refused when any character of it is another", () => {
    const token = tokenFor();
    for (let index = 0; index < token.length; index++) {
      const other = token[index] === "A" ? "B" : "A";
      expect(verify(`${token.slice(0, index)}${other}${token.slice(index + 1)}`).ok, `at ${index}`).toBe(false);
    }
  });

  test("without any client configured nobody gets in", () => {
    for (const secrets of [[], [""], ["booking:short"], ["no colon but long enough to be one"]])
      expect(verify(tokenFor(), { secrets })).toEqual({ ok: false, reason: "no-secret" });
  });
});

describe("the token endpoint", () => {
  test("knows its client by Basic or by the form", () => {
    const fields = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: "booking",
      client_secret: client.slice("booking:".length),
    });
    const answer = ask(fields.toString());
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(verify(Answer.parse(JSON.parse(answer.body)).access_token)).toEqual({ ok: true });
  });

  test("takes Basic with its parts encoded or not", () => {
    const awkward = "booking:a+b%26c & d, invented";
    const encodedParts = `booking:${encodeURIComponent(awkward.slice("booking:".length))}`;
    for (const pair of [awkward, encodedParts]) expect(ask(form, basic(pair), [awkward]).status).toBe(200);
    expect(ask(form, basic("booking:a b&c & d, invented"), [awkward]).status).toBe(401);
  });

  test.each([
    [form, {}, [client], 401, "invalid_client"],
    [form, basic("booking:wrong"), [client], 401, "invalid_client"],
    [form, basic("other:an-invented-secret%26more"), [client], 401, "invalid_client"],
    [form, basic("booking:an-invented-secret%26more"), [], 401, "invalid_client"],
    [form, { authorization: "Basic !!!" }, [client], 401, "invalid_client"],
    [`${form}&client_id=booking&client_id=booking&client_secret=x`, {}, [client], 401, "invalid_client"],
    ["", basic("booking:an-invented-secret%26more"), [client], 400, "invalid_request"],
    ["grant_type=password", basic("booking:an-invented-secret%26more"), [client], 400, "unsupported_grant_type"],
    ["x".repeat(20_000), basic("booking:an-invented-secret%26more"), [client], 400, "invalid_request"],
  ])("answers %j with %j as OAuth has it", (body, headers, secrets, status, error) => {
    const answer = ask(body, headers, secrets);
    expect(answer).toMatchObject({ status, body: JSON.stringify({ error }) });
    expect("www-authenticate" in answer.headers).toBe(status === 401);
  });
});
