import { createHmac, hkdfSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { openBytes, seal, sealBytes, unseal, UnsealError } from "../../lib/engine/seal.ts";

const context = "acme#acme_000000000000000000-0000000000000000";

describe("sealed webhook secrets", () => {
  it("open under their key for their connection", () => {
    expect(unseal(seal("whsec_ä secret", "key", context), "key", context)).toBe("whsec_ä secret");
  });

  it("do not open for another connection, under another key, or changed by one bit anywhere", () => {
    const sealed = seal("whsec_1", "key", context);
    expect(() => unseal(sealed, "key", "acme#another")).toThrow(UnsealError);
    expect(() => unseal(sealed, "another", context)).toThrow(UnsealError);
    const bytes = Buffer.from(sealed, "base64url");
    for (let index = 0; index < bytes.byteLength; index += 1) {
      const damaged = Buffer.from(bytes);
      damaged.writeUInt8(bytes.readUInt8(index) ^ 1, index);
      expect(() => unseal(damaged.toString("base64url"), "key", context)).toThrow(UnsealError);
    }
  });

  it("that are cut short do not open", () => {
    for (const length of [0, 1, 28, 29]) {
      const cut = Buffer.from(seal("whsec_1", "key", context), "base64url")
        .subarray(0, length)
        .toString("base64url");
      expect(() => unseal(cut, "key", context)).toThrow(UnsealError);
    }
  });

  it("do not show what is in them, and never use one nonce for two contents", () => {
    const one = Buffer.from(seal("whsec_same-length-1", "key", context), "base64url");
    const two = Buffer.from(seal("whsec_same-length-2", "key", context), "base64url");
    const other = Buffer.from(seal("whsec_same-length-1", "key", "acme#another"), "base64url");
    expect(one.includes("whsec")).toBe(false);
    const nonces = [one, two, other].map((sealed) => sealed.subarray(1, 13).toString("hex"));
    expect(new Set(nonces).size).toBe(3);
  });

  it("are for their purpose only", () => {
    const key = Buffer.alloc(32, 1);
    const sealed = sealBytes(Buffer.from("x"), key, { purpose: "credential", context });
    expect(openBytes(sealed, key, { purpose: "credential", context }).toString()).toBe("x");
    expect(() => openBytes(sealed, key, { purpose: "webhook-secret", context })).toThrow(UnsealError);
  });

  it("carry a nonce that is the documented MAC: another implementation can make the same", () => {
    const nonceKey = Buffer.from(hkdfSync("sha256", "key", "", "webhook-secret", 64)).subarray(32);
    const expected = createHmac("sha256", nonceKey)
      .update(`${context.length}:${context}whsec_1`)
      .digest()
      .subarray(0, 12);
    expect(Buffer.from(seal("whsec_1", "key", context), "base64url").subarray(1, 13)).toEqual(expected);
  });
});
