import * as z from "zod";

/** An identifier as text, whatever the partner makes it of: a number of theirs may be too large for one of ours. */
export const Id = z.string().min(1).max(255);

/** A moment in UTC in exactly one form, so that equal moments have equal digests: `2026-11-20T12:00:00.000Z`. */
export const Instant = z.iso.datetime({ precision: 3 });

/** A day on somebody's calendar, which is no moment: `2026-11-20`. */
export const LocalDay = z.iso.date();

/** An amount in the currency's own unit, as decimal text because no float holds every amount: `{ amount: "10.99", currency: "USD" }`. */
export const Money = z.strictObject({
  amount: z.string().regex(/^(?!-0(\.0+)?$)-?(0|[1-9]\d*)(\.\d+)?$/),
  currency: z.string().regex(/^[A-Z]{3}$/),
});

export type Money = z.infer<typeof Money>;

/** The partner's own fields that the model has no place for, as they came. */
export const Extra = z.record(z.string(), z.unknown());

/** A postal address. Null: the partner says that there is none; missing: it does not say. */
export const Address = z.strictObject({
  line1: z.exactOptional(z.string().nullable()),
  line2: z.exactOptional(z.string().nullable()),
  city: z.exactOptional(z.string().nullable()),
  region: z.exactOptional(z.string().nullable()),
  postalCode: z.exactOptional(z.string().nullable()),
  country: z.exactOptional(z.string().nullable()),
});

export type Address = z.infer<typeof Address>;

/** The instant of a Unix time in seconds, or in milliseconds. */
export function instantFromSeconds(seconds: number): string {
  return instantFromMs(seconds * 1000);
}

export function instantFromMs(ms: number): string {
  return new Date(ms).toISOString();
}

/** Drops what is undefined, so that a field which the partner did not send is missing in the model too. */
export function present<Fields extends object>(fields: Fields): Present<Fields> {
  // The filter takes out exactly the members that the type lets be missing.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<Fields>;
}

type Present<Fields> = { [Key in keyof Fields as undefined extends Fields[Key] ? never : Key]: Fields[Key] } & {
  [Key in keyof Fields as undefined extends Fields[Key] ? Key : never]?: Exclude<Fields[Key], undefined>;
};

/** What is left of a partner's thing when the fields that the model took are gone. */
export function extraOf(raw: Readonly<Record<string, unknown>>, taken: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(raw).filter(([key]) => !taken.includes(key)));
}
