import { describe, expect, test } from "vitest";
import * as z from "zod";
import { brokenCopy, smoke } from "../broken-copy.ts";
import type { Break } from "../broken-copy.ts";

interface PlantedLeak extends Break {
  readonly name: string;
  /** The secret's kind, the form that it is found in and where. */
  readonly found: RegExp;
}

/** LeafLink's keys have no form of their own: a redactor that goes by forms lets them pass, this one knows them. */
const plantedLeaks: readonly PlantedLeak[] = [
  {
    name: "a key in a log line, under a name that says nothing",
    file: "lib/flows/call-partner.ts",
    whole: "const beganMs = ports.clock.nowMs();\n  const answer = await ports.transport.send({",
    broken:
      'const beganMs = ports.clock.nowMs();\n  ports.log.info("calling", { using: authorised.token });\n  const answer = await ports.transport.send({',
    found: /connection's credential .*, plain, in log_sluice-local-leaflink-consume-imports/,
  },
  {
    name: "a credential that stands beside its own ciphertext, in base64",
    file: "lib/aws/credentials.ts",
    whole: 'sealed: sealed.toString("base64"),',
    broken: 'sealed: sealed.toString("base64"),\n    copy: Buffer.from(JSON.stringify(fields)).toString("base64"),',
    found: /connection's credential .*, base64, in dynamodb_(Put|Update)Item/,
  },
  {
    name: "a webhook secret in an answer of the API",
    file: "lib/flows/api/connections.ts",
    whole: "return { status: 201, data: await connectionDetail(ports, result.connection) };",
    broken: "return { status: 201, data: { ...(await connectionDetail(ports, result.connection)), given: body } };",
    found: /webhook secret .*, plain, in answer_api_connections/,
  },
];

const Report = z.object({
  agrees: z.boolean(),
  partners: z.array(z.object({ checks: z.array(z.object({ agrees: z.boolean() })) })),
  stack: z.array(z.object({ what: z.string(), agrees: z.boolean(), examples: z.array(z.string()) })),
});

describe("the smoke run's search for secrets", () => {
  test.each(plantedLeaks)("finds $name", { timeout: 300_000 }, async (leak) => {
    const { code, out, err } = await smoke(brokenCopy(leak), "leaflink");
    if (out === "") throw new Error(`the smoke run ended with ${String(code)} and no report:\n${err}`);
    const report = Report.parse(JSON.parse(out));
    expect(code).toBe(1);
    const wrong = report.stack.filter((check) => !check.agrees);
    expect(wrong.map((check) => check.what)).toEqual(["secrets in logs, messages, tables, answers"]);
    expect(wrong.flatMap((check) => check.examples).join("\n")).toMatch(leak.found);
    // Nothing else is wrong with it: no other check would have noticed.
    expect(report.partners.flatMap(({ checks }) => checks.filter((check) => !check.agrees))).toEqual([]);
  });
});
