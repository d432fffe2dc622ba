import * as z from "zod";
import { decimalFrom } from "../../models/decimal.ts";

/**
 * What QuickBooks Online sends, as far as it is read here; every other field is kept as it came. Ids are texts of digits,
 * amounts JSON numbers, times carry the company's offset:
 * https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice
 */
const Id = z.string().min(1).max(255);
const Text = z.exactOptional(z.string().nullable());
/** Within the years that a date can be written with four digits. */
const Moment = z.iso.datetime({ offset: true }).refine((text) => /^[12]\d{3}/.test(text), "not a year of ours");
const Day = z.exactOptional(z.iso.date().nullable());
const Amount = z.number().refine((amount) => decimalFrom(amount) !== null, "not a decimal");
const MetaData = z.looseObject({ CreateTime: Moment, LastUpdatedTime: Moment });
const Reference = z.looseObject({ value: Id });
const Currency = z.looseObject({ value: z.string().regex(/^[A-Z]{3}$/) });

const Address = z.looseObject({
  Line1: Text,
  Line2: Text,
  City: Text,
  CountrySubDivisionCode: Text,
  PostalCode: Text,
  Country: Text,
});
export type Address = z.infer<typeof Address>;

export const Customer = z.looseObject({
  Id,
  DisplayName: Text,
  Active: z.exactOptional(z.boolean()),
  PrimaryEmailAddr: z.exactOptional(z.looseObject({ Address: Text }).nullable()),
  PrimaryPhone: z.exactOptional(z.looseObject({ FreeFormNumber: Text }).nullable()),
  BillAddr: z.exactOptional(Address.nullable()),
  MetaData,
});

export const Invoice = z.looseObject({
  Id,
  DocNumber: Text,
  TxnDate: Day,
  DueDate: Day,
  CustomerRef: z.exactOptional(Reference.nullable()),
  CurrencyRef: z.exactOptional(Currency.nullable()),
  TotalAmt: z.exactOptional(Amount.nullable()),
  Balance: z.exactOptional(Amount.nullable()),
  TxnTaxDetail: z.exactOptional(z.looseObject({ TotalTax: z.exactOptional(Amount.nullable()) }).nullable()),
  PrivateNote: Text,
  MetaData,
});

export const Payment = z.looseObject({
  Id,
  TotalAmt: Amount,
  CurrencyRef: Currency,
  CustomerRef: z.exactOptional(Reference.nullable()),
  MetaData,
});

/** One of the events that a post holds: https://developer.intuit.com/app/developer/qbo/docs/develop/webhooks */
const CloudEvent = z.looseObject({
  id: z.string().min(1).max(200),
  type: z.string().max(200),
  intuitaccountid: Id,
  intuitentityid: Id,
  data: z.exactOptional(z.looseObject({ deletedid: z.exactOptional(Id) }).nullable()),
});

const LegacyEntity = z.looseObject({ name: z.string().max(100), id: Id, deletedId: z.exactOptional(Id) });
const LegacyNotice = z.looseObject({
  realmId: Id,
  dataChangeEvent: z.looseObject({ entities: z.array(LegacyEntity).max(1_000) }),
});

/** A list of CloudEvents; before 2026, one object with notices by company. */
export const WebhookBody = z.union(
  [
    z.array(CloudEvent).min(1).max(1_000),
    z.looseObject({ eventNotifications: z.array(LegacyNotice).min(1).max(1_000) }),
  ],
  "neither a list of CloudEvents nor {eventNotifications}",
);
export type WebhookBody = z.infer<typeof WebhookBody>;

export const ErrorBody = z.looseObject({
  Fault: z.looseObject({ Error: z.array(z.looseObject({ code: z.coerce.string() })).min(1) }),
});
