import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findSecrets } from "../../../../lib/local/world/secrets/find-secrets.ts";
import { KnownSecrets } from "../../../../lib/local/world/secrets/known-secrets.ts";
import { NeedleSearch } from "../../../../lib/local/world/secrets/needle-search.ts";
import { formsOf } from "../../../../lib/local/world/secrets/secret-forms.ts";
import { SeenFolder } from "../../../../lib/local/world/secrets/seen-folder.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const secret = "k3y/of+an acc0unt\"with'everything&in=it";

function foundIn(text: string | Buffer): boolean {
  let found = false;
  const needles = formsOf(Buffer.from(secret)).map(({ form, bytes }) => ({ bytes, of: form }));
  new NeedleSearch(needles).search(Buffer.from(text), () => {
    found = true;
  });
  return found;
}

describe("a secret is found", () => {
  it("as it is, in JSON, in JSON within JSON, in a query and in a form", () => {
    expect(foundIn(`before ${secret} after`)).toBe(true);
    expect(foundIn(JSON.stringify({ note: secret }))).toBe(true);
    expect(foundIn(JSON.stringify({ body: JSON.stringify({ note: secret }) }))).toBe(true);
    expect(foundIn(`https://example.com/?a=b&key=${encodeURIComponent(secret)}`)).toBe(true);
    expect(foundIn(new URLSearchParams({ secret }).toString())).toBe(true);
    expect(foundIn(`the time is 12:00, and nothing is here`)).toBe(false);
  });

  it("when half of it was cut away", () => {
    expect(foundIn(`Bearer ${secret.slice(0, 20)}…`)).toBe(true);
    expect(foundIn(`…${secret.slice(-20)}`)).toBe(true);
  });

  it("in hexadecimal and base64, whatever was encoded with it", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 9 }), fc.uint8Array({ maxLength: 9 }), (before, after) => {
        const whole = Buffer.concat([before, Buffer.from(secret), after]);
        expect(foundIn(whole.toString("base64"))).toBe(true);
        expect(foundIn(whole.toString("base64url"))).toBe(true);
        expect(foundIn(whole.toString("hex"))).toBe(true);
        expect(foundIn(whole.toString("hex").toUpperCase())).toBe(true);
      }),
    );
  });
});

describe("the search", () => {
  it("finds what a plain search finds, at the same places", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 60 });
    const words = fc.array(fc.string({ unit: fc.constantFrom("a", "b"), minLength: 4, maxLength: 7 }), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(text, words, (hay, needles) => {
        const found: string[] = [];
        new NeedleSearch([...new Set(needles)].map((of) => ({ bytes: Buffer.from(of), of }))).search(
          Buffer.from(hay),
          ({ of }, at) => found.push(`${of}@${at}`),
        );
        const plain = [...new Set(needles)].flatMap((needle) =>
          Array.from({ length: hay.length }, (_, at) => at)
            .filter((at) => hay.startsWith(needle, at))
            .map((at) => `${needle}@${at}`),
        );
        expect(found.toSorted()).toEqual(plain.toSorted());
      }),
    );
  });

  it("reads files in pieces and misses nothing on their edges", () => {
    const folder = temporaryFolder();
    const known = new KnownSecrets();
    known.add("API key", "the key", secret);
    // Around where a piece of four megabytes ends.
    for (const back of [0, 1, 20, secret.length, secret.length + 1]) {
      const path = join(folder, `${back}.log`);
      writeFileSync(path, Buffer.concat([Buffer.alloc(4 * 1024 * 1024 - back, "."), Buffer.from(secret)]));
    }
    const { leaks, filesRead } = findSecrets(known.all(), [{ folder, except: (path) => path === "0.log" }]);
    expect(filesRead).toBe(4);
    const whole = leaks.filter(({ form }) => form === "plain");
    expect(whole.map(({ file, atByte }) => `${file} ${atByte}`).toSorted()).toEqual(
      [1, 20, secret.length, secret.length + 1].map((back) => `${back}.log ${4 * 1024 * 1024 - back}`).toSorted(),
    );
    expect(JSON.stringify(leaks)).not.toContain(secret.slice(0, 8));
  });
});

describe("what is looked for", () => {
  it("is every text of a credential but numbers, times, what is short and what is public", () => {
    const known = new KnownSecrets();
    known.addFields("connection's credential", "acme", {
      clientId: "a-public-name",
      scopesTaken: "com.example.orders.read",
      clientSecret: "the secret of the client",
      mintedAtMs: "1790000000000,1790000100000",
      short: "x",
      list: ["one of several secrets"],
    });
    known.add("connection's credential", "twice", "the secret of the client");
    expect(known.all().map(({ name, value }) => `${name}: ${value.toString()}`)).toEqual([
      "acme clientSecret: the secret of the client",
      "acme list 0: one of several secrets",
    ]);
  });
});

describe("what was said", () => {
  it("is kept by place, up to a bound, and what had no room is counted", () => {
    const folder = temporaryFolder();
    const seen = new SeenFolder(folder, 10);
    seen.add("sqs SendMessage", "12345");
    seen.add("sqs SendMessage", "67890");
    seen.add("log ../a function", "one more");
    seen.close();
    expect(readFileSync(join(folder, "sqs_SendMessage.txt"), "utf8")).toBe("12345\n67890\n");
    expect(seen.dropped).toBe(1);
  });
});
