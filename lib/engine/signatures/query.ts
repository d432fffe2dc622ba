/** A name and a value of a query or a form, decoded. */
export type Field = readonly [name: string, value: string];

const fieldsMax = 1_000;

/** The fields of a URL's query, decoded, in their order; null when there are more than anybody sends. */
export function queryFields(url: string): readonly Field[] | null {
  const start = url.indexOf("?");
  return start === -1 ? [] : formFields((url.slice(start + 1).split("#", 1)[0] ?? "").replace(/^\?+/, ""));
}

/** The same of a form's body, `a=1&b=2`. */
export function formFields(text: string): readonly Field[] | null {
  const fields = [...new URLSearchParams(text)];
  return fields.length > fieldsMax ? null : fields;
}

/** Code units, as vendors' `sort` orders names. */
export function byText(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

/** The value of a field that comes once; null when it is missing or comes twice, which would leave open which one counts. */
export function onlyValue(fields: readonly Field[], name: string): string | null {
  const values = fields.filter((field) => field[0] === name);
  return values.length === 1 ? (values[0]?.[1] ?? null) : null;
}
