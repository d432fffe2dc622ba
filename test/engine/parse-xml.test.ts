import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseXml, xmlDepthMax } from "../../lib/engine/parse-xml.ts";

const parse = (text: string) => parseXml(new TextEncoder().encode(text));

describe("XML", () => {
  test("comes as one shape, whether a child comes once or several times", () => {
    const text = `<?xml version="1.0" encoding="UTF-8"?>
      <!-- a note --><Res Version="1.0" xmlns="http://example.com/ota">
        <Guest id="1">Ann &amp; Bob &#x20AC;</Guest>
        <Guest><![CDATA[<none>]]></Guest>
        <Empty/>
      </Res>`;
    expect(parse(text)).toEqual({
      kind: "xml",
      document: {
        Res: [
          {
            "@Version": "1.0",
            "@xmlns": "http://example.com/ota",
            Guest: [{ "@id": "1", "#text": "Ann & Bob €" }, { "#text": "<none>" }],
            Empty: [{}],
          },
        ],
      },
    });
  });

  test.each([
    ["a DOCTYPE", "<!DOCTYPE a><a/>", /^a DOCTYPE$/],
    ["entities that expand", '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>', /^a DOCTYPE$/],
    ["an entity from outside", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', /^a DOCTYPE$/],
    ["an entity that nobody declared", "<a>&secret;</a>", /^not well-formed at \d+:\d+$/],
    ["an end that is missing", "<a><b></a>", /^not well-formed at \d+:\d+$/],
    ["two roots", "<a/><b/>", /^not well-formed at \d+:\d+$/],
    ["an attribute twice", '<a b="1" b="2"/>', /^not well-formed at \d+:\d+$/],
    ["nothing", "", /^not well-formed at \d+:\d+$/],
    ["another encoding", '<?xml version="1.0" encoding="ISO-8859-1"?><a/>', /^not declared as UTF-8$/],
    ["JSON", '{"a":1}', /^not well-formed at \d+:\d+$/],
    ["too deep", "<a>".repeat(xmlDepthMax + 1) + "</a>".repeat(xmlDepthMax + 1), /^more than 50 deep$/],
    ["too large", `<a>${"x".repeat(4 * 1024 * 1024)}</a>`, /^more than 4 MiB$/],
  ])("with %s is refused", (_what, text, says) => {
    const parsed = parse(text);
    expect(parsed.kind === "unreadable" ? parsed.reason : "it was read").toMatch(says);
  });

  test("that is no UTF-8 is refused", () => {
    expect(parseXml(Uint8Array.of(0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e))).toEqual({
      kind: "unreadable",
      reason: "not UTF-8",
    });
  });

  test("as deep as is allowed is read", () => {
    expect(parse("<a>".repeat(xmlDepthMax) + "</a>".repeat(xmlDepthMax)).kind).toBe("xml");
  });

  test("gives no name that objects have by themselves another meaning", () => {
    const parsed = parse("<__proto__><constructor/></__proto__>");
    expect(parsed.kind === "xml" ? Object.entries(parsed.document) : []).toEqual([
      ["__proto__", [{ constructor: [{}] }]],
    ]);
  });

  test("says in its reasons nothing of what the document holds", () => {
    const parsed = parse("<guest><jane-roe>4111</guest>");
    expect(JSON.stringify(parsed)).not.toMatch(/jane|4111/);
  });

  test("with text of any kind comes back as it was", () => {
    const escaped = (text: string) =>
      text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\r", "&#13;");
    // What XML 1.0 has no way to say is left out: https://www.w3.org/TR/xml/#charsets
    const text = fc
      .string({ unit: "grapheme-composite", minLength: 1 })
      .map((any) => any.toWellFormed().replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "x"));
    fc.assert(
      fc.property(text, (any) => {
        expect(parse(`<a>${escaped(any)}</a>`)).toEqual({ kind: "xml", document: { a: [{ "#text": any }] } });
      }),
    );
  });

  test("of any bytes never throws", () => {
    const scraps = fc
      .array(
        fc.constantFrom("<", "a", ">", "/", "&", ";", '"', "=", " ", "!", "[", "]", "?", "<![CDATA[", "<!DOCTYPE "),
      )
      .map((parts) => new TextEncoder().encode(parts.join("")));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), scraps), (bytes) => {
        expect(parseXml(bytes).kind).toMatch(/^(xml|unreadable)$/);
      }),
      { numRuns: 500 },
    );
  });

  test("of many children is read whole", () => {
    const many = `<a>${"<b>&amp;</b>".repeat(20_000)}</a>`;
    const parsed = parse(many);
    expect(parsed.kind === "xml" ? parsed.document["a"]?.length : 0).toBe(1);
  });
});
