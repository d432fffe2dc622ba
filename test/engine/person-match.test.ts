import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mentions, samePerson } from "../../lib/engine/person-match.ts";

describe("one person", () => {
  test.each([
    ["ADA@example.com", " ada@Example.com ", true],
    ["+49 (30) 1234-567", "+49301234567", true],
    ["+49301234567", "49301234567", false],
    ["ada@example.com", "da@example.com", false],
    ["Jo\u0308RG@example.com", "jörg@example.com", true],
  ])("%j and %j", (one, other, same) => {
    expect(samePerson(one, other)).toBe(same);
    expect(samePerson(other, one)).toBe(same);
  });

  test.each([
    [49301234567, "+49 30 1234567", true],
    [49301234567, "49301234567", true],
    [493012345678, "+49301234567", false],
    [49301, "49301", false],
    [1.5, "ada@example.com", false],
  ])("JSON's number %j and %j", (number, wanted, same) => {
    expect(samePerson(number, wanted)).toBe(same);
  });
});

describe("a text names", () => {
  test.each([
    ["its address in JSON", '{"email":"ADA@example.com"}'],
    ["it in JSON inside of JSON", JSON.stringify({ text: JSON.stringify({ email: "ada@example.com" }) })],
    ["it with escapes", '{"email":"ada\\u0040example.com"}'],
    ["it with escapes that are escaped", JSON.stringify({ text: '{"email":"ada\\u0040example.com"}' })],
    ["it in a form", "From=ada%40example.com&Body=hello"],
    ["it in the middle of a sentence", "Write to ada@example.com. She knows."],
    ["it at the end of what was cut off", '{"id":7,"email":"ada@example.com'],
    ["it after a line's end", JSON.stringify({ note: "Contact:\nada@example.com" })],
    ["it after a line's end in JSON inside of JSON", JSON.stringify([JSON.stringify(["Contact:\r\nada@example.com"])])],
    ["it behind a form's space", "id=7&note=hi+ada%40example.com+again"],
    ["it behind a form's space, its @ as it is", "note=hi+ada@example.com"],
    ["it in a form inside of JSON", JSON.stringify({ body: { text: "To=1&note=hi+ada%40example.com" } })],
    ["it in JSON inside of a form", `payload=${encodeURIComponent('{"note":"to\\nada@example.com"}')}`],
  ])("an address: %s", (_how, text) => {
    expect(mentions(text, "Ada@Example.com")).toBe(true);
  });

  test.each([
    '{"email":"J\\u00D6RG@example.com"}',
    '{"email":"JO\\u0308RG@example.com"}',
    "email=j%C3%96rg%40example.com",
  ])("an address of more letters than ASCII's: %s", (text) => expect(mentions(text, "jörg@example.com")).toBe(true));

  test.each([
    '{"email":"nada@example.com"}',
    '{"email":"ada@example.com.au"}',
    '{"email":"ada@example.community"}',
    '{"email":"x.ada@example.com"}',
    '{"email":"ada+list@example.com"}',
    '{"email":"list+ada@example.com"}',
    "email=list%2Bada%40example.com",
    "",
  ])("another's address: %j", (text) => {
    expect(mentions(text, "ada@example.com")).toBe(false);
  });

  test.each([
    ['{"phone":"+49 (30) 1234-567"}', true],
    ["From=%2B49301234567&To=1", true],
    ["call 030 1 or +49301234567, please", true],
    ['{"phone":"+493012345678"}', false],
    ['{"id":"evt_49301234567"}', false],
    ['{"phone":"49301234567"}', false],
    ["+49 30 1234567 2026-11-21", true],
    ["2026-11-21 +49 30 1234567", true],
    [JSON.stringify({ note: "call\t+49301234567" }), true],
    ['{"phone": 49301234567 }', true],
    ["[1,49301234567]", true],
    ['{"phone":493012345678}', false],
    ['{"phone":1,"amount":49301234567.5}', false],
    ["1 +49 30 12345678", false],
  ])("a number: %j: %j", (text, named) => {
    expect(mentions(text, "+49301234567")).toBe(named);
  });

  test.each([
    ["030 1234567 2026-11-21", "0301234567", true],
    ["2026-11-21T09:30:00Z", "202611", false],
    ["10 2026-11-21", "20261121", false],
    ['{"id":10301234567}', "0301234567", false],
  ])("a number without a plus: %j: %j: %j", (text, wanted, named) => {
    expect(mentions(text, wanted)).toBe(named);
  });

  test.each([
    ['{"data":{"id":"cus_12345678"}}', true],
    ['{"data":{"id":"cus_123456789"}}', false],
    ['{"data":{"id":"acus_12345678"}}', false],
    ["/v1/customers/cus_12345678/sources", true],
  ])("an id: %j: %j", (text, named) => {
    expect(mentions(text, "cus_12345678")).toBe(named);
  });

  test("or does not, at once: also of nothing but backslashes, which took seconds", () => {
    const backslashes = "\\".repeat(100_000);
    expect(mentions(`${backslashes}x`, "ada@example.com")).toBe(false);
    expect(mentions(`${backslashes}nada@example.com`, "ada@example.com")).toBe(true);
  });

  test("whatever stands around it in a JSON document, however deep", () => {
    const around = fc.object({ maxDepth: 3 });
    fc.assert(
      fc.property(around, fc.nat({ max: 3 }), (value, wraps) => {
        let text = JSON.stringify({ value, email: "ada@example.com", after: value });
        for (let wrap = 0; wrap < wraps; wrap++) text = JSON.stringify({ text });
        expect(mentions(text, "ada@example.com")).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
