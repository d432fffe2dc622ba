import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { routes } from "../../../lib/flows/api/routes.ts";

const root = new URL("../../../", import.meta.url);
const page = readFileSync(new URL("docs/api.md", root), "utf8");
const code = readdirSync(new URL("lib/flows/api/", root))
  .map((file) => readFileSync(new URL(`lib/flows/api/${file}`, root), "utf8"))
  .join("\n");

describe("docs/api.md", () => {
  test.each(routes.map((route) => `${route.method} /api/v1${route.path.replace("+}", "}")}`))("tells of %s", (call) => {
    expect(page).toContain(`\`${call}`);
  });

  const codes = [...code.matchAll(/(?:problem\(\s*\d{3},\s*|refused\(|code: )"([a-z-]+)"/g)].map(
    (match) => match[1] ?? "",
  );

  test("has codes to tell of", () => expect(new Set(codes).size).toBeGreaterThan(15));

  test.each([...new Set(codes)])("tells of the code %s", (each) => {
    expect(page).toContain(`\`${each}\``);
  });
});
