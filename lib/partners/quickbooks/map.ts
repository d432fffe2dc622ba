import type * as z from "zod";
import { extraOf, instantFromMs, present } from "../../models/common.ts";
import type { Address as ModelAddress, Money } from "../../models/common.ts";
import type { customer as customerModel } from "../../models/customer.ts";
import { moneyFromDecimal } from "../../models/decimal.ts";
import type { invoice as invoiceModel } from "../../models/invoice.ts";
import type { payment as paymentModel } from "../../models/payment.ts";
import type { Address, Customer, Invoice, Payment } from "./schemas.ts";

export function toCustomer(raw: z.infer<typeof Customer>): z.input<typeof customerModel.schema> {
  return present({
    id: raw.Id,
    name: raw.DisplayName,
    email: raw.PrimaryEmailAddr === null ? null : raw.PrimaryEmailAddr?.Address,
    phone: raw.PrimaryPhone === null ? null : raw.PrimaryPhone?.FreeFormNumber,
    address: raw.BillAddr === null ? null : toAddress(raw.BillAddr),
    archived: raw.Active === undefined ? undefined : !raw.Active,
    ...times(raw),
    extra: extraOf(raw, ["Id", "DisplayName", "Active", "PrimaryEmailAddr", "PrimaryPhone"]),
  });
}

/** @example toInvoice(Invoice.parse(raw)).total; // { amount: "301.13", currency: "USD" } */
export function toInvoice(raw: z.infer<typeof Invoice>): z.input<typeof invoiceModel.schema> {
  const currency = raw.CurrencyRef?.value ?? null;
  const money = (amount: number | null | undefined): Money | null | undefined => toMoney(amount, currency);
  return present({
    id: raw.Id,
    number: raw.DocNumber,
    customerId: raw.CustomerRef === null ? null : raw.CustomerRef?.value,
    total: money(raw.TotalAmt),
    tax: money(raw.TxnTaxDetail?.TotalTax),
    balance: money(raw.Balance),
    issuedDay: raw.TxnDate,
    dueDay: raw.DueDate,
    note: raw.PrivateNote,
    ...times(raw),
    // Without a currency the amounts stay here alone: none is guessed.
    extra: extraOf(raw, [
      "Id",
      "DocNumber",
      "TxnDate",
      "DueDate",
      "PrivateNote",
      ...(currency === null ? [] : amounts),
    ]),
  });
}

const amounts = ["TotalAmt", "Balance", "CurrencyRef"];

/** Money that came in. QuickBooks keeps one that was voided, with an amount of nothing. */
export function toPayment(raw: z.infer<typeof Payment>): z.input<typeof paymentModel.schema> {
  const { createdAt } = times(raw);
  // The schema takes nothing that this could not read.
  const amount = moneyFromDecimal(raw.TotalAmt, raw.CurrencyRef.value) ?? { amount: "", currency: "" };
  return present({
    id: raw.Id,
    kind: "charge" as const,
    status: "succeeded" as const,
    partnerStatus: "recorded",
    amount,
    received: amount,
    createdAt,
    customerId: raw.CustomerRef === null ? null : raw.CustomerRef?.value,
    extra: extraOf(raw, ["Id", "TotalAmt", "CurrencyRef"]),
  });
}

function toMoney(amount: number | null | undefined, currency: string | null): Money | null | undefined {
  if (amount === null || amount === undefined) return amount;
  return currency === null ? undefined : (moneyFromDecimal(amount, currency) ?? undefined);
}

function toAddress(raw: Address | undefined): ModelAddress | undefined {
  if (raw === undefined) return undefined;
  const { Line1, Line2, City, CountrySubDivisionCode, PostalCode, Country } = raw;
  const found = present({
    line1: Line1,
    line2: Line2,
    city: City,
    region: CountrySubDivisionCode,
    postalCode: PostalCode,
    country: Country,
  });
  return Object.keys(found).length === 0 ? undefined : found;
}

/** `2026-05-04T10:15:06-07:00` is `2026-05-04T17:15:06.000Z`; as it came it stays under `extra`. */
function times({ MetaData }: Pick<z.infer<typeof Invoice>, "MetaData">): { createdAt: string; updatedAt: string } {
  return {
    createdAt: instantFromMs(Date.parse(MetaData.CreateTime)),
    updatedAt: instantFromMs(Date.parse(MetaData.LastUpdatedTime)),
  };
}
