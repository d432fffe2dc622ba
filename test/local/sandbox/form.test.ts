import { expect, test } from "vitest";
import { parseForm } from "../../../lib/local/sandbox/form.ts";

test.each([
  ["types[]=charge.refunded&types[]=charge.updated", { types: ["charge.refunded", "charge.updated"] }],
  ["types[0]=charge.refunded&types[1]=charge.updated", { types: ["charge.refunded", "charge.updated"] }],
  ["created[gte]=1&created%5Blt%5D=2", { created: { gte: "1", lt: "2" } }],
  ["metadata[a b]=1%2B1&limit=3", { metadata: { "a b": "1+1" }, limit: "3" }],
  ["address[city]=&description=", { address: { city: "" }, description: "" }],
  ["", {}],
])("%s", (text, fields) => {
  expect(parseForm(text)).toEqual(fields);
});

test("a field may not be a text and a group at once, nor nest without end, nor be legion", () => {
  expect(parseForm("created=1&created[gte]=1")).toBeNull();
  expect(parseForm("created[gte]=1&created=1")).toBeNull();
  expect(parseForm("a[b][c][d][e][f]=1")).toBeNull();
  expect(parseForm(Array.from({ length: 1_001 }, (_, index) => `a${index}=1`).join("&"))).toBeNull();
});

test("a field called __proto__ is a field and changes nothing else", () => {
  const form = parseForm("__proto__[polluted]=yes");
  expect(Object.keys(form ?? {})).toEqual(["__proto__"]);
  expect(Reflect.get({}, "polluted")).toBeUndefined();
});
