import { describe, expect, it } from "vitest";
import { checkAmbient } from "./ambient.ts";
import { parseSource } from "./source.ts";

function verdictOn(text: string, path = "lib/engine/gate.ts"): string[] {
  return checkAmbient([parseSource(path, text)]).map((found) => `${found.line} ${found.message.split(";")[0]}`);
}

describe("ambient", () => {
  it.each([
    ["Date.now()", "uses Date"],
    ["const now = Date.now", "uses Date"],
    ["const { now } = Date", "uses Date"],
    ['Date["now"]()', "uses Date"],
    ["new Date()", "uses Date"],
    ["Date()", "uses Date"],
    ["Math.random()", "uses Math.random"],
    ["const roll = Math.random", "uses Math.random"],
    ["const { random } = Math", "uses Math as a value"],
    ['Math["random"]()', "uses Math as a value"],
    ["setTimeout(() => {}, 1)", "uses setTimeout"],
    ["const wait = setInterval", "uses setInterval"],
    ["globalThis.setTimeout(() => {}, 1)", "uses globalThis"],
    ["fetch('https://example.com')", "uses fetch"],
    ["performance.now()", "uses performance"],
    ["process.env.STAGE", "uses process"],
    ["console.log(1)", "uses console"],
    ["crypto.randomUUID()", "uses crypto"],
    ["const ports = { fetch }", "uses fetch"],
    ['import { randomUUID } from "node:crypto"', "uses randomUUID"],
    ['import { randomBytes as bytes } from "crypto"', "uses randomBytes"],
    ['import * as crypto from "node:crypto"', "uses node:crypto as a whole (import its functions by name)"],
    ['import crypto from "node:crypto"', "uses node:crypto as a whole (import its functions by name)"],
  ])("refuses %s", (text, message) => {
    expect(verdictOn(`\n${text};\n`)).toEqual([`2 ${message}`]);
  });

  it.each([
    "new Date(1_700_000_000_000)",
    "Date.UTC(2026, 0)",
    "Date.parse('2026-01-01')",
    "value instanceof Date",
    "const at: Date = read()",
    "Math.max(1, 2)",
    "ports.fetch()",
    "ports.clock.setTimeout",
    "const driver = { fetch: read }",
    "const driver = { fetch() {} }",
    "interface Port { fetch(): void; process: string }",
    "function handle(process: string) { return process; }",
    "const handle = ({ fetch }: Ports) => fetch()",
    'import { createHmac, timingSafeEqual } from "node:crypto"',
    "// Date.now() would make this untestable",
  ])("accepts %s", (text) => {
    expect(verdictOn(`${text};\n`)).toEqual([]);
  });

  it.each(["lib/engine/x.ts", "lib/flows/x.ts", "lib/partners/acme/driver.ts"])("looks into %s", (path) => {
    expect(verdictOn("Date.now();", path)).toHaveLength(1);
  });

  it.each(["lib/engine/ports.ts", "lib/aws/clock.ts", "lib/partners/acme/sandbox.ts", "lib/local/clock.ts"])(
    "leaves %s alone",
    (path) => {
      expect(verdictOn("Date.now();", path)).toEqual([]);
    },
  );
});
