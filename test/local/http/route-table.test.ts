import { expect, test } from "vitest";
import { createRouteTable } from "../../../lib/local/http/route-table.ts";

const keys = [
  "$default",
  "ANY /{proxy+}",
  "GET /pets/{proxy+}",
  "GET /pets/dog/{id}",
  "ANY /pets/dog/{id}",
  "GET /pets/dog/1",
  "POST /pets/{kind}/{id}",
  "GET /pets",
];
const table = createRouteTable(keys.map((routeKey) => ({ routeKey })));

test.each([
  ["GET", "/pets/dog/1", "GET /pets/dog/1", {}],
  ["GET", "/pets/dog/2", "GET /pets/dog/{id}", { id: "2" }],
  ["PUT", "/pets/dog/2", "ANY /pets/dog/{id}", { id: "2" }],
  ["POST", "/pets/cat/3", "POST /pets/{kind}/{id}", { kind: "cat", id: "3" }],
  ["GET", "/pets/cat/3", "GET /pets/{proxy+}", { proxy: "cat/3" }],
  ["GET", "/pets", "GET /pets", {}],
  ["GET", "/pets/", "ANY /{proxy+}", { proxy: "pets/" }],
  ["DELETE", "/anything/at/all", "ANY /{proxy+}", { proxy: "anything/at/all" }],
  ["GET", "/", "$default", {}],
  ["GET", "/pets/dog/a%2Fb%20c", "GET /pets/dog/{id}", { id: "a/b c" }],
  ["GET", "/pets/dog/%E0%A4%A", "GET /pets/dog/{id}", { id: "%E0%A4%A" }],
])("%s %s is taken by %s", (method, path, routeKey, pathParameters) => {
  expect(table.match(method, path)).toEqual({ route: { routeKey }, pathParameters });
});

test("the order in which routes are given does not matter", () => {
  const reversed = createRouteTable(keys.toReversed().map((routeKey) => ({ routeKey })));

  for (const path of ["/pets/dog/1", "/pets/dog/2", "/pets/cat/3", "/pets", "/x"])
    expect(reversed.match("GET", path)).toEqual(table.match("GET", path));
});

test("without a default what does not match is nothing", () => {
  const strict = createRouteTable([{ routeKey: "GET /a" }]);

  expect(strict.match("GET", "/b")).toBeNull();
  expect(strict.match("POST", "/a")).toBeNull();
});

test.each(["GET", "GET a", "GET /a b", ""])("the route key %j is refused", (routeKey) => {
  expect(() => createRouteTable([{ routeKey }])).toThrow(/route key/);
});
