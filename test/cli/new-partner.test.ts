import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { newPartnerCommand } from "../../bin/commands/new-partner/new-partner.ts";
import { askMissing } from "../../bin/commands/new-partner/ask.ts";
import { readChoices, readLimit } from "../../bin/commands/new-partner/choices.ts";
import { withPartner } from "../../bin/commands/new-partner/registry.ts";
import { scaffold } from "../../bin/commands/new-partner/scaffold.ts";
import { UsageError } from "../../bin/commands/usage-error.ts";
import { checks } from "../partners/contract.ts";
import { checkPartnerFolders } from "../tidy/partner-folders.ts";
import { checkLayers } from "../tidy/layers.ts";
import { projectCopy, runIn } from "./new-partner-copy.ts";

/** Every two of auth, pages and webhooks meet, and every model is there. */
const combinations = [
  ["alpha", "header", "keyset", "body-hmac", "order"],
  ["beta", "header", "offset", "standard-webhooks", "payment"],
  ["gamma", "header", "next-link", "none", "customer"],
  ["delta-two", "client-credentials", "keyset", "standard-webhooks", "product"],
  ["epsilon", "client-credentials", "offset", "none", "property"],
  ["zeta", "client-credentials", "next-link", "body-hmac", "reservation"],
  ["eta", "authorization-code", "keyset", "none", "guest"],
  // A word of the language, and a model's name: neither can be a constant's.
  ["new", "authorization-code", "offset", "body-hmac", "order"],
  ["order", "authorization-code", "next-link", "standard-webhooks", "payment"],
] as const;

describe("a scaffolded partner", () => {
  test("compiles, is formatted and linted, keeps the house rules and passes the contract suite, whatever was chosen", async () => {
    const root = projectCopy();
    const written: string[] = [];
    for (const [name, auth, pages, webhooks, model] of combinations) {
      const limits = ["15/s", "120/min", "5000/h"];
      const said = { auth, pages, webhooks, model, limits, resource: `${model}Things` };
      written.push(...(await scaffold(root, readChoices(name, said))));
    }
    const sources = [...new Set(written)].filter((path) => !path.includes("/fixtures/"));
    const lines = sources
      .filter((path) => path.endsWith("driver.ts"))
      .map((path) => readFileSync(join(root, path), "utf8").split("\n").length);
    expect(Math.max(...lines)).toBeLessThanOrEqual(150);
    const names = new Set<string>(combinations.map(([name]) => name));
    const isOurs = ({ file }: { readonly file: string }) => names.has(file.split(/[/.]/)[2] ?? "");
    expect([...checkPartnerFolders(root), ...checkLayers(root)].filter(isOurs)).toEqual([]);

    const config = { extends: "./tsconfig.json", include: sources.filter((path) => path.endsWith(".ts")) };
    writeFileSync(join(root, "tsconfig.scaffold.json"), JSON.stringify(config));
    expect(await runIn(root, "tsc", ["-p", "tsconfig.scaffold.json"])).toEqual({ code: 0, output: "" });
    expect(await runIn(root, "prettier", ["--check", "--log-level", "warn", ...sources])).toMatchObject({ code: 0 });
    const linted = sources.filter((path) => path.endsWith(".ts"));
    expect(await runIn(root, "oxlint", ["--deny-warnings", ...linted])).toMatchObject({ code: 0 });
    const suites = combinations.map(([name]) => `test/partners/${name}/${name}.test.ts`);
    const report = ["--reporter=json", "--outputFile=report.json", "--no-isolate", "--no-file-parallelism"];
    const tests = await runIn(root, "vitest", ["run", ...report, ...suites]);
    expect(tests).toMatchObject({ code: 0 });
    const { numPassedTests } = z
      .object({ numPassedTests: z.int() })
      .parse(JSON.parse(readFileSync(join(root, "report.json"), "utf8")));
    // One test of its own each, beside the contract.
    expect(numPassedTests).toBe(combinations.length * (Object.keys(checks).length + 1));
  }, 300_000);

  test("is not written over: what is there is named, and nothing else appears", async () => {
    const root = projectCopy();
    await scaffold(root, readChoices("acme", {}));
    const driver = join(root, "lib/partners/acme/driver.ts");
    writeFileSync(driver, "// filled in\n");
    const list = readFileSync(join(root, "lib/partners/index.ts"), "utf8");
    await expect(scaffold(root, readChoices("acme", {}))).rejects.toThrow(
      "acme is there already: lib/partners/acme, test/partners/acme, docs/partners/acme.md",
    );
    expect(readFileSync(driver, "utf8")).toBe("// filled in\n");
    expect(readFileSync(join(root, "lib/partners/index.ts"), "utf8")).toBe(list);
  });

  test("comes from the command line without questions where nobody sits, with what to fill in", async () => {
    const root = projectCopy();
    const [, example = ""] = /npm run sluice -- (new-partner acme-pay .*)/.exec(newPartnerCommand.help) ?? [];
    const { code, output } = await runIn(root, "node", ["bin/sluice.ts", ...example.split(" ")]);
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toContain("lib/partners/acme-pay/driver.ts: `baseUrl`");
    expect(readdirSync(join(root, "test/partners/acme-pay/fixtures")).toSorted()).toEqual([
      "errors.json",
      "events.json",
      "orders.json",
      "signature-vectors.json",
    ]);
    const driver = readFileSync(join(root, "lib/partners/acme-pay/driver.ts"), "utf8");
    expect(driver).toContain('slidingWindow({ per: "account", requests: 5_000, perMs: 3_600_000 })');
    const wrong = await runIn(root, "node", ["bin/sluice.ts", "new-partner", "shop", "--auth", "magic"]);
    expect(wrong).toEqual({
      code: 2,
      output: "--auth magic: one of header, client-credentials, authorization-code.\n",
    });
    expect(existsSync(join(root, "lib/partners/shop"))).toBe(false);
  }, 60_000);
});

describe("choices", () => {
  test.each([
    ["10/s", 10, 1_000],
    ["300/min", 300, 60_000],
    ["5000/h", 5_000, 3_600_000],
    ["100/10s", 100, 10_000],
    ["5/d", 5, 86_400_000],
  ])("the limit %s is %i calls in %i ms", (text, requests, perMs) => {
    expect(readLimit(text)).toEqual({ requests, perMs });
  });

  test.each(["", "10", "0/s", "10/0s", "-1/s", "10/week", "1e3/s", "99999999/s", "10/400d"])(
    "%j is no limit",
    (text) => {
      expect(() => readLimit(text)).toThrow(UsageError);
    },
  );

  test.each([
    ["Acme", {}],
    ["a", {}],
    ["acme--pay", {}],
    ["acme", { baseUrl: "http://api.acme.example" }],
    ["acme", { baseUrl: "https://api.acme.example/?v=1" }],
    ["acme", { docs: "docs" }],
    ["acme", { tokenUrl: "https://user:word@acme.example/token" }],
    ["acme", { authorizeUrl: "http://acme.example/authorize" }],
    ["acme", { title: "*/ evil" }],
    ["acme", { resource: "Orders" }],
    ["acme", { model: "toString" }],
    ["acme", { pages: "scroll" }],
    ["acme", { webhooks: "carrier-pigeon" }],
  ])("%s with %j is refused", (name, said) => {
    expect(() => readChoices(name, said)).toThrow(UsageError);
  });

  test.each(["client-credentials", "authorization-code"])(
    "tokens from another host than the API's are allowed for: %s",
    async (auth) => {
      const root = projectCopy();
      await scaffold(root, readChoices("acme", { auth, tokenUrl: "https://login.acme.example/token" }));
      expect(readFileSync(join(root, "lib/partners/acme/driver.ts"), "utf8")).toContain(
        'hosts: ["login.acme.example"]',
      );
    },
  );
});

describe("questions", () => {
  /** Types each answer when the question that it is for has been asked. */
  function typing(answers: readonly string[]) {
    const input = new PassThrough();
    const output = new PassThrough();
    const asked: string[] = [];
    const left = [...answers];
    output.on("data", (chunk: Buffer) => {
      const text = chunk.toString();
      asked.push(text);
      if (!/[\]] $/.test(text)) return;
      const answer = left.shift();
      if (answer === undefined) input.end();
      else input.write(`${answer}\n`);
    });
    return { input, output, asked };
  }

  test("are asked of what was not said, an empty answer is the first of what is offered, and a wrong one is asked again", async () => {
    const terminal = typing(["", "pages?", "next-link", "20/s, 900/h"]);
    const said = await askMissing({ webhooks: "none", title: "Acme" }, terminal);
    expect(said).toEqual({
      title: "Acme",
      auth: "header",
      pages: "next-link",
      limits: ["20/s", "900/h"],
      webhooks: "none",
    });
    expect(terminal.asked.join("")).toContain("Your answer pages?: one of keyset, offset, next-link.");
  });

  test("end when nobody answers", async () => {
    await expect(askMissing({}, typing(["header"]))).rejects.toThrow(UsageError);
    await expect(askMissing({}, typing(["x", "y", "z", "header"]))).rejects.toThrow("Your answer z");
  });
});

test("a list of partners in another form is left alone, with the lines to write by hand", () => {
  expect(() => withPartner("export const partners = makePartners();\n", "acme", "acme")).toThrow(
    'import { acme } from "./acme/driver.ts"',
  );
});
