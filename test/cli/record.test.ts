import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { apiVersionOf, Cassette } from "../../bin/commands/record/cassette.ts";
import { answerOf, cassetteTransport } from "../../bin/commands/record/cassette-transport.ts";
import { readCredential } from "../../bin/commands/record/credential.ts";
import { recordCommand } from "../../bin/commands/record/record.ts";
import { createRecordingWorld } from "../../bin/commands/record/recording-ports.ts";
import { recordResource } from "../../bin/commands/record/record-resource.ts";
import { scrub, scrubText } from "../../bin/commands/record/scrub.ts";
import { StandIns } from "../../bin/commands/record/stand-ins.ts";
import { UsageError } from "../../bin/commands/usage-error.ts";
import { createTransport } from "../../lib/aws/transport.ts";
import { PartnerError } from "../../lib/engine/errors.ts";
import { stripe } from "../../lib/partners/stripe/driver.ts";
import { gamma } from "../flows/support/gamma.ts";

const apiKey = "sk_test_realKeyOfSomebody0001";
const options = (secrets: readonly string[] = []) => ({
  standIns: new StandIns(),
  secrets,
  hosts: ["api.acme.example"],
});

describe("scrubbing", () => {
  /** Real-looking values of a person who does not exist; none may be left. */
  const person = {
    name: "Petra Mustermann",
    first_name: "Petra",
    lastName: "Mustermann",
    email: "petra.mustermann@firma.de",
    emails: ["petra.mustermann@firma.de", "pm@firma.de"],
    phone: "+49 30 1234567",
    contact: { mobileNumber: 4915112345678, fax: "030 1234567" },
    address: { line1: "Hauptstr. 5", city: "Potsdam", zip: "14467", state: "BB", country: "DE", lat: 52.4, lng: 13.1 },
    ip_address: "84.12.33.7",
    note: "Petra wants to be called at 030 1234567",
    text: "write to petra.mustermann@firma.de or call +493012345678 from 84.12.33.7 or 2a02:8071:b2c:1:2:3:4:5",
    metadata: { anything: "Petra" },
    birthday: "1980-02-03",
    tax_id: "DE136695976",
    client_secret: "pi_secret_Ab12Cd34",
    card: { last4: "1881", fingerprint: "Xt5EWLLDS7FJjR1c" },
    receipt_url: "https://pay.vendor.com/receipts/Ab12Cd34Ef56",
    jwt: "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
    "petra.mustermann@firma.de": true,
  };

  test("leaves nobody's data and no secret", () => {
    const text = JSON.stringify(scrub(person, options()));
    for (const real of [
      /Petra|Mustermann|firma/,
      /Hauptstr|Potsdam|14467|"BB"|52\.4|13\.1/,
      /1234567|15112345678|84\.12|2a02/,
      /1980|136695976/,
      /Ab12|1881|Xt5E|eyJ|vendor/,
    ])
      expect(text).not.toMatch(real);
    expect(text).toContain('"country":"DE"');
  });

  test("gives one value one stand-in, so that things still belong together", () => {
    const [one, two, three] = ["a@b.de", "a@b.de", "c@b.de"].map((email) => ({ email }));
    expect(scrub([one, two, three, "from a@b.de"], options())).toEqual([
      { email: "person-1@example.com" },
      { email: "person-1@example.com" },
      { email: "person-2@example.com" },
      "from person-1@example.com",
    ]);
  });

  test("keeps what says nothing of anybody", () => {
    const thing = {
      id: "ch_3Abc",
      status: "succeeded",
      state: "open",
      amount: 1099,
      quantity: "12.50",
      created: "2026-11-20T10:00:00.000+01:00",
      next: "https://api.acme.example/v1/orders?cursor=abc",
      uuid: "aec108ac-a1f4-40fa-966e-a12fa9bf6e2f",
      email: null,
      phone: "",
      checks: { address_line1_check: "pass", address_postal_code_check: "pass" },
      version: "2026-07-29.dahlia",
    };
    expect(scrub(thing, options())).toEqual(thing);
  });

  test("takes the credential's own values out wherever they stand, and cuts long texts and lists", () => {
    expect(scrubText("your key is opaque-key-7", options(["opaque-key-7"]))).toBe("your key is stand-in-1");
    expect(scrub("x".repeat(5_000), options())).toHaveLength(201);
    expect(
      scrub(
        Array.from({ length: 100 }, (_, index) => index),
        options(),
      ),
    ).toHaveLength(20);
  });
});

/** A stand-in for Stripe with one customer; knows two answers that are none. */
async function server(mode: "good" | "limited" | "locked" = "good"): Promise<string> {
  let calls = 0;
  const customer = {
    id: "cus_Ab1",
    object: "customer",
    created: 1_790_000_000,
    name: "Petra Mustermann",
    email: "petra@firma.de",
  };
  const http = createServer((request, response) => {
    calls++;
    const answer = (status: number, body: unknown, headers = {}): void =>
      void response
        .writeHead(status, { "content-type": "application/json", "set-cookie": "a=b", ...headers })
        .end(JSON.stringify(body));
    if (mode === "locked")
      return answer(401, { error: { message: `Invalid API Key: ${apiKey}`, type: "invalid_request_error" } });
    if (mode === "limited" && calls === 1)
      return answer(429, { error: { code: "rate_limit" } }, { "retry-after": "0" });
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    if (pathname === "/v1/customers")
      return answer(200, {
        object: "list",
        data: Array.from({ length: 8 }, (_, at) => ({ ...customer, id: `cus_Ab${at + 1}` })),
        has_more: true,
      });
    if (pathname === "/v1/customers/cus_Ab1") return answer(200, customer);
    return answer(404, {
      error: {
        message: "No such customer: 'cus_000'",
        type: "invalid_request_error",
        code: "resource_missing",
        param: "id",
      },
    });
  });
  await new Promise<void>((resolve) => void http.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => void http.close(() => resolve())));
  // A server that listens on a port has an address of this kind.
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

const record = (url: string) =>
  recordResource({
    driver: stripe,
    resource: "customers",
    world: createRecordingWorld(createTransport(new Map([["api.stripe.com", url]])), { apiKey }),
    credential: { apiKey },
    itemsMax: 3,
    from: "sandbox",
  });

describe("recording", () => {
  test.each(["good", "limited"] as const)("a %s partner keeps a page, a thing and what is not there", async (mode) => {
    const cassette = await record(await server(mode));
    expect(Cassette.parse(JSON.parse(JSON.stringify(cassette)))).toEqual(cassette);
    expect(cassette.exchanges.map(({ kind, answer, request }) => [kind, answer.status, request.path])).toEqual([
      ["page", 200, "/v1/customers"],
      ["one", 200, "/v1/customers/cus_Ab1"],
      ["missing", 404, "/v1/customers/cus_000"],
    ]);
    const [page, one] = cassette.exchanges;
    expect(page?.answer.body).toMatchObject({
      has_more: true,
      data: [{ id: "cus_Ab1" }, { id: "cus_Ab2" }, { id: "cus_Ab3" }],
    });
    expect(stripe.resources.customers.page.read(page?.answer.body, null).items).toHaveLength(3);
    expect(one?.answer).toMatchObject({
      headers: { "content-type": "application/json" },
      body: { email: "person-1@example.com" },
    });
    expect(cassette.apiVersion).toBe(apiVersionOf(stripe));
    expect(JSON.stringify(cassette)).not.toMatch(/realKey|Petra|firma|set-cookie|authorization/i);
  });

  test("a partner that refuses the key is an error which does not tell the key, and no cassette", async () => {
    const error = await record(await server("locked")).catch((thrown: unknown) => thrown);
    if (!(error instanceof PartnerError)) throw new Error("not refused");
    expect(error.kind).toBe("auth");
    expect(JSON.stringify([error.message, error.cause])).not.toContain("realKey");
  });

  test("what was recorded answers again, and nothing else does", async () => {
    const cassette = await record(await server());
    const transport = cassetteTransport([cassette]);
    const ask = (url: string) =>
      transport.send({ method: "GET", url, headers: {}, body: null, timeoutMs: 1, bytesMax: 1 });
    const [page] = cassette.exchanges;
    if (page === undefined) throw new Error("there is no page");
    expect(await ask("https://api.stripe.com/v1/customers?limit=100")).toEqual(answerOf(page.answer));
    await expect(ask("https://api.stripe.com/v1/customers?limit=99")).rejects.toThrow(
      "No cassette answers GET https://api.stripe.com/v1/customers?limit=99; recorded: GET /v1/customers, ",
    );
  });
});

describe("recording with a token that a person's yes bought", () => {
  const accessToken = "gamma-access-of-somebody-0001";

  /** A partner with one order, which takes that token alone; its token endpoint must not be asked. */
  async function gammaServer(): Promise<{ readonly url: string; readonly paths: string[] }> {
    const paths: string[] = [];
    const http = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? "/", "http://localhost");
      paths.push(pathname);
      const order = { id: "order-1", amount: 1, note: `signed with ${accessToken}` };
      const known = request.headers.authorization === `Bearer ${accessToken}`;
      const body = !known
        ? { error: "unauthorized" }
        : pathname.endsWith("/orders")
          ? { items: [order], next: null }
          : order;
      response.writeHead(known ? 200 : 401, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => void http.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => new Promise<void>((resolve) => void http.close(() => resolve())));
    // A server that listens on a port has an address of this kind.
    return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, paths };
  }

  const recordAs = (credential: ReturnType<typeof readCredential>, url: string) => {
    const hosts = new Map(["api.gamma.example", "login.gamma.example"].map((host) => [host, url]));
    const world = createRecordingWorld(createTransport(hosts), credential);
    return recordResource({ driver: gamma, resource: "orders", world, credential, itemsMax: 3, from: "sandbox" });
  };

  test("uses the token as it is, refreshes nothing and keeps it out of the cassette", async () => {
    const { url, paths } = await gammaServer();
    const credential = readCredential(gamma, { "connection-credential-env": "TOKEN" }, { TOKEN: accessToken });
    const cassette = await recordAs(credential, url);
    expect(paths.filter((path) => path.includes("token"))).toEqual([]);
    expect(cassette.exchanges.map(({ kind, answer }) => [kind, answer.status])).toContainEqual(["page", 200]);
    expect(JSON.stringify(cassette)).not.toContain(accessToken);
  });

  test("asks for no refresh where the token is refused", async () => {
    const { url, paths } = await gammaServer();
    const refused = await recordAs(readCredential(gamma, { credential: "another-token" }, {}), url).catch(String);
    expect(refused).toContain("its access token is not taken any more");
    expect(refused).not.toContain("another-token");
    expect(paths.filter((path) => path.includes("token"))).toEqual([]);
  });

  test("takes no refresh token, which may be good once", () => {
    const refreshToken = "refresh-of-somebody-0001";
    for (const text of [JSON.stringify({ refreshToken }), JSON.stringify({ accessToken: "with a space" }), "{"]) {
      const read = () => readCredential(gamma, { credential: text }, {});
      expect(read).toThrow(UsageError);
      expect(read).not.toThrow(refreshToken);
    }
    expect(readCredential(gamma, { credential: JSON.stringify({ accessToken, refreshToken }) }, {})).not.toHaveProperty(
      "refreshToken",
    );
  });
});

describe("the command's words", () => {
  const run = (values: Parameters<typeof recordCommand.run>[0], ...positionals: string[]) =>
    recordCommand.run(values, positionals);

  test.each([
    [{}, []],
    [{}, ["nobody"]],
    [{}, ["stripe"]],
    [{ credential: "short" }, ["stripe"]],
    [{ credential: apiKey, limit: "0" }, ["stripe"]],
    [{ credential: apiKey, url: "http://api.stripe.com" }, ["stripe"]],
    [{ credential: apiKey, resource: ["invoices"] }, ["stripe"]],
    [{ credential: apiKey, "sandbox-url": "http://stripe.example.com" }, ["stripe"]],
    [{ credential: apiKey, "sandbox-url": "http://127.0.0.1.example.com" }, ["stripe"]],
  ])("%j %j are off, and are told before anything is asked", async (values, positionals) => {
    const error = await run(values, ...positionals).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).not.toContain("realKey");
  });

  test("a credential is the variable's JSON, or an API key as it is", () => {
    const values = { "connection-credential-env": "KEY" };
    expect(readCredential(stripe, values, { KEY: apiKey })).toEqual({ apiKey });
    expect(readCredential(stripe, values, { KEY: JSON.stringify({ apiKey }) })).toEqual({ apiKey });
    expect(() => readCredential(stripe, values, {})).toThrow("Stripe needs a credential");
  });
});
