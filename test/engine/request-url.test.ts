import { expect, test } from "vitest";
import { urlFor } from "../../lib/engine/request-url.ts";
import { acme } from "../flows/support/acme.ts";

const driver = { ...acme, baseUrl: "https://api.acme.example/v3/company/{account}" };
const request = { method: "GET", path: "/things", query: { limit: "2" }, endpoint: "GET /things" } as const;

test("an account stands in the path where the driver wants it", () => {
  expect(urlFor(driver, request, "310687")).toBe("https://api.acme.example/v3/company/310687/things?limit=2");
  expect(urlFor(driver, request, "a b/c?d#e")).toBe(
    "https://api.acme.example/v3/company/a%20b%2Fc%3Fd%23e/things?limit=2",
  );
});

test.each(["", ".", ".."])("an account that would lead to another path is not called: '%s'", (account) => {
  expect(urlFor(driver, request, account)).toBeNull();
});

test("what only looks like a pattern of a replacement is an account like any other", () => {
  expect(urlFor(driver, request, "$&$1")).toBe("https://api.acme.example/v3/company/%24%26%241/things?limit=2");
});
