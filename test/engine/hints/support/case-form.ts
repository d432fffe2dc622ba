import type { BareItem, Member, Parameters } from "../../../../lib/engine/hints/structured-field.ts";

/** A member in the form that the published cases write: pairs, with the types that JSON lacks in objects. */
export function caseForm(member: Member): readonly [unknown, unknown] {
  const parameters = parameterPairs(member.parameters);
  return member.kind === "item" ? [bareForm(member.value), parameters] : [member.items.map(caseForm), parameters];
}

function parameterPairs(parameters: Parameters): readonly (readonly [string, unknown])[] {
  return [...parameters].map(([key, value]) => [key, bareForm(value)]);
}

function bareForm(value: BareItem): unknown {
  switch (value.kind) {
    case "token":
      return { __type: "token", value: value.value };
    case "display-string":
      return { __type: "displaystring", value: value.value };
    case "date":
      return { __type: "date", value: value.epochSeconds };
    case "bytes":
      return { __type: "binary", value: base32(Buffer.from(value.base64, "base64")) };
    default:
      return value.value;
  }
}

/** https://www.rfc-editor.org/rfc/rfc4648#section-6, which the cases write bytes in. */
function base32(bytes: Uint8Array): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const groups = bits.match(/.{1,5}/g) ?? [];
  const digits = groups.map((group) => alphabet[parseInt(group.padEnd(5, "0"), 2)]).join("");
  return digits.padEnd(Math.ceil(digits.length / 8) * 8, "=");
}
