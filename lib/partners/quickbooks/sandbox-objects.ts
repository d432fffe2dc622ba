export type State = Readonly<Record<string, unknown>>;

/** What the stand-in has of each kind, by the names of its API and of the ledger. */
export interface Entity {
  readonly type: "customer" | "invoice" | "payment";
  readonly name: "Customer" | "Invoice" | "Payment";
  /** "Deleted" at QuickBooks, it is only inactive: lists leave it out unless it is asked for. */
  readonly isListOfNames: boolean;
  readonly make: (index: number, atMs: number, customers: number) => State;
}

export const entities: readonly [Entity, Entity, Entity] = [
  { type: "customer", name: "Customer", isListOfNames: true, make: customerAt },
  { type: "invoice", name: "Invoice", isListOfNames: false, make: invoiceAt },
  { type: "payment", name: "Payment", isListOfNames: false, make: paymentAt },
];

const firstId = 1;
const currency = { value: "USD", name: "United States Dollar" };

function customerAt(index: number, atMs: number): State {
  const name = `Example Customer ${index + 1}`;
  return {
    ...base(index, atMs),
    DisplayName: name,
    CompanyName: index % 3 === 0 ? null : name,
    Active: true,
    PrimaryEmailAddr: index % 4 === 0 ? null : { Address: `customer-${index + 1}@shop.example` },
    BillAddr: {
      Id: String(index + 1),
      Line1: `${index + 1} Example Street`,
      City: "Bayshore",
      CountrySubDivisionCode: "CA",
    },
    CurrencyRef: currency,
    Balance: 0,
    Notes: "",
  };
}

function invoiceAt(index: number, atMs: number, customers: number): State {
  const amount = 20 + (index % 50) * 5.25;
  const tax = Math.round(amount * 8) / 100;
  return {
    ...base(index, atMs),
    DocNumber: String(1_001 + index),
    TxnDate: dayOf(atMs),
    DueDate: dayOf(atMs + 30 * 86_400_000),
    CurrencyRef: currency,
    CustomerRef: customerRef(index, customers),
    Line: [
      {
        Id: "1",
        LineNum: 1,
        Amount: amount,
        DetailType: "SalesItemLineDetail",
        SalesItemLineDetail: { UnitPrice: amount, Qty: 1 },
      },
      { Amount: amount, DetailType: "SubTotalLineDetail", SubTotalLineDetail: {} },
    ],
    TxnTaxDetail: { TotalTax: tax },
    TotalAmt: Math.round((amount + tax) * 100) / 100,
    Balance: Math.round((amount + tax) * 100) / 100,
    BillEmail: null,
  };
}

function paymentAt(index: number, atMs: number, customers: number): State {
  const amount = 10 + (index % 40) * 2.5;
  return {
    ...base(index, atMs),
    TxnDate: dayOf(atMs),
    CurrencyRef: currency,
    CustomerRef: customerRef(index, customers),
    TotalAmt: amount,
    UnappliedAmt: 0,
    Line: [{ Amount: amount, LinkedTxn: [{ TxnId: String(firstId + index), TxnType: "Invoice" }] }],
  };
}

function base(index: number, atMs: number): State {
  const time = timeOf(atMs);
  return {
    Id: String(firstId + index),
    SyncToken: "0",
    domain: "QBO",
    sparse: false,
    MetaData: { CreateTime: time, LastUpdatedTime: time },
  };
}

/** The next state: another version, changed now. */
export function changedAt(state: State, atMs: number, fields: State): State {
  const { MetaData } = state;
  const meta = typeof MetaData === "object" ? MetaData : {};
  const SyncToken = String(Number(state["SyncToken"]) + 1);
  return { ...state, ...fields, SyncToken, MetaData: { ...meta, LastUpdatedTime: timeOf(atMs) } };
}

export function updatedMsOf(state: State): number {
  const { MetaData } = state;
  const time: unknown =
    typeof MetaData === "object" && MetaData !== null ? Reflect.get(MetaData, "LastUpdatedTime") : "";
  return Date.parse(String(time));
}

function customerRef(index: number, customers: number): State {
  const place = index % Math.max(1, customers);
  return { value: String(firstId + place), name: `Example Customer ${place + 1}` };
}

const offsetMs = 7 * 3_600_000;

/** To the second, in the company's own offset. */
export function timeOf(atMs: number): string {
  return `${new Date(atMs - offsetMs).toISOString().slice(0, 19)}-07:00`;
}

function dayOf(atMs: number): string {
  return new Date(atMs - offsetMs).toISOString().slice(0, 10);
}
