import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { UsageError } from "../../bin/commands/usage-error.ts";
import { verifySignatureCommand } from "../../bin/commands/verify-signature.ts";
import { temporaryFolder } from "../local/support/temporary-folder.ts";
import { runCommand } from "./support/api-server.ts";
import type { CliResult } from "./support/api-server.ts";

const vectorsFile = fileURLToPath(new URL("../fixtures/signatures/vectors.json", import.meta.url));
const Vectors = z.array(
  z.looseObject({ scheme: z.string(), name: z.string(), secret: z.string(), valid: z.boolean() }),
);
const vectors = Vectors.parse(JSON.parse(readFileSync(vectorsFile, "utf8")));

const run = (...args: readonly string[]): Promise<CliResult> => runCommand(verifySignatureCommand, args);

function fileOf(content: string | Uint8Array): string {
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, content);
  return file;
}

describe("a file of vectors", () => {
  test("comes out a line a case and a total, and exit code 0", async () => {
    const { code, out } = await run("--vectors", vectorsFile);
    expect(code).toBe(0);
    expect(out.match(/^right {2}/gm)).toHaveLength(vectors.length);
    expect(out).toMatch(/All 75 cases are right\.\n$/);
    for (const { secret } of vectors.filter((vector) => vector.secret.length > 12)) expect(out).not.toContain(secret);
  });

  test("with one case wrong, or of an unknown scheme, or with none at all, is exit code 1", async () => {
    const [first, ...rest] = vectors;
    const wrong = fileOf(JSON.stringify([{ ...first, valid: false }, ...rest]));
    const judged = await run("--vectors", wrong);
    expect(judged.code).toBe(1);
    expect(judged.out).toContain("WRONG  standard-webhooks-v1: official sign vector (holds; expected to be refused)");
    expect(judged.out).toContain("74 of 75 cases are right.");
    const unknown = await run("--vectors", fileOf(JSON.stringify([{ ...first, scheme: "unheard-of", valid: false }])));
    expect(unknown.code).toBe(1);
    expect(unknown.out).toContain("unknown scheme");
    expect((await run("--vectors", fileOf("[]"))).code).toBe(1);
  });

  test("is the same for programs", async () => {
    const { code, out } = await run("--vectors", vectorsFile, "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ right: 75, total: 75 });
  });

  test.each(["no JSON", "{}", '[{"scheme":"xero"}]'])("of the form %j is a mistake of the call", async (content) => {
    await expect(run("--vectors", fileOf(content))).rejects.toThrow(UsageError);
    await expect(run("--vectors", "/nowhere/vectors.json")).rejects.toThrow("no such file");
  });
});

describe("one request", () => {
  const secret = "It's a Secret to Everybody";
  const signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
  const github = (body: string, key = secret): Promise<CliResult> =>
    run(
      "--scheme",
      "github-sha256",
      "--secret-file",
      fileOf(`${key}\n`),
      "--body-file",
      fileOf(body),
      "--header",
      "Content-Type: text/plain",
      "--header",
      `X-Hub-Signature-256:  ${signature}`,
    );

  test("whose signature holds is exit code 0, and a newline after the secret is forgiven aloud", async () => {
    const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    expect(await github("Hello, World!")).toEqual({ code: 0, out: "The signature holds (GitHub).\n" });
    expect(said.mock.calls.flat().join("")).toContain("A newline at the secret's end was left away");
  });

  test("whose signature does not is exit code 1, with the reason", async () => {
    const { code, out } = await github("Hello, World!\n");
    expect(code).toBe(1);
    expect(out).toContain("body-trailing-newline");
  });

  test("prints no secret, whatever is wrong", async () => {
    for (const key of ["a wrong secret of mine", ` ${secret}`, `"${secret}"`]) {
      const { out } = await github("Hello, World!", key);
      expect(out).toContain("does not hold");
      expect(out).not.toContain(key.trim());
      expect(out).not.toContain(secret);
    }
  });

  test("takes the secret from standard input", async () => {
    const stdin = vi.spyOn(process, "stdin", "get");
    // What a pipe is: a stream of bytes. The rest of a terminal's input is not looked at.
    stdin.mockReturnValue(Readable.from([Buffer.from(secret)]) as typeof process.stdin);
    const args = ["--scheme", "github-sha256", "--secret-stdin", "--header", `x-hub-signature-256: ${signature}`];
    expect((await run(...args, "--body-file", fileOf("Hello, World!"))).code).toBe(0);
  });

  test("is judged at the time it was received", async () => {
    const vector = vectors.find(({ name }) => name === "official fixture (v1 + decoy v0)");
    const { headers, body } = z
      .looseObject({ headers: z.object({ "Stripe-Signature": z.string() }), body: z.string() })
      .parse(vector);
    const args = [
      "--scheme",
      "stripe-v1",
      "--secret-file",
      fileOf("webhook_secret"),
      "--body-file",
      fileOf(body),
      "--header",
      `Stripe-Signature: ${headers["Stripe-Signature"]}`,
    ];
    expect((await run(...args, "--at", "1533204720")).code).toBe(0);
    expect((await run(...args, "--at", "2018-08-02T10:12:00Z")).code).toBe(0);
    const now = await run(...args);
    expect(now.code).toBe(1);
    expect(now.out).toContain("stale");
  });

  test("of PayPal's takes the certificate, and the webhook's id", async () => {
    const vector = vectors.find(({ name }) => name === "second real captured event");
    const { headers, body, webhook_id } = z
      .looseObject({ headers: z.record(z.string(), z.string()), body: z.string(), webhook_id: z.string() })
      .parse(vector);
    const args = [
      "--scheme",
      "paypal-rsa",
      "--secret-file",
      fileOf(vector?.secret ?? ""),
      "--body-file",
      fileOf(body),
      ...Object.entries(headers).flatMap(([name, value]) => ["--header", `${name}: ${value}`]),
    ];
    expect((await run(...args, "--webhook-id", webhook_id, "--at", "2015-05-12T18:14:14Z")).code).toBe(0);
    const late = await run(...args, "--webhook-id", webhook_id, "--at", "2026-01-01T00:00:00Z");
    expect(late.out).toContain("key-untrusted");
  });

  test.each([
    [[], "Say which --scheme"],
    [["--scheme", "unheard-of"], "no scheme"],
    [["--scheme", "xero"], "Give either --secret-file or --secret-stdin"],
    [["--scheme", "xero", "--secret-file", "/nowhere"], "no such file"],
    [["--scheme", "xero", "--secret-file", "FILE", "--header", "nonsense"], "name: value"],
    [["--scheme", "xero", "--secret-file", "FILE", "--at", "soon"], "--at soon"],
    [["--scheme", "xero", "--secret-file", "FILE", "--body-file", "/nowhere"], "--body-file"],
    [["more"], "Usage"],
  ])("called as %j is a mistake of the call", async (args, said) => {
    const error: unknown = await run(...args.map((arg) => (arg === "FILE" ? fileOf("secret") : arg))).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).toContain(said);
  });
});

test("the schemes are listed, with the secret that each wants", async () => {
  const { code, out } = await run("--list");
  expect(code).toBe(0);
  for (const { scheme } of vectors) expect(out).toContain(scheme);
  expect(out).toContain("verifier token, not its client secret");
});
