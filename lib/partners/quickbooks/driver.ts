import { definePartner, resource, webhook } from "../../engine/define-partner.ts";
import type { Classified, Increment, ParsedAnswer } from "../../engine/define-partner.ts";
import { slidingWindow } from "../../engine/gate/limit-declarations.ts";
import { oauthCredential } from "../../engine/oauth/oauth-credential.ts";
import { quickbooksSignature } from "../../engine/signatures/quickbooks.ts";
import { customer } from "../../models/customer.ts";
import { invoice } from "../../models/invoice.ts";
import { payment } from "../../models/payment.ts";
import { dedupeKeyOf, splitByCompany, touchesOf } from "./events.ts";
import type { QuickbooksResource } from "./events.ts";
import { toCustomer, toInvoice, toPayment } from "./map.ts";
import { overlapMs, queryPages } from "./query-pages.ts";
import { Customer, ErrorBody, Invoice, Payment, WebhookBody } from "./schemas.ts";

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** The query itself says since when: `queryPages`. */
const changedSince: Increment = { kind: "filter", overlapMs, query: () => ({}) };
const schedule = { everyMs: 60 * minuteMs, fullEveryMs: dayMs, increment: changedSince };

/** Left out, the oldest version that is still served answers: https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/minor-versions */
const query = { minorversion: "75" };
const list = { ...schedule, path: "/query", query, oneQuery: query };

export const quickbooks = definePartner<QuickbooksResource>({
  name: "quickbooks",
  title: "QuickBooks Online",
  docs: "https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice",
  module: import.meta.url,
  // The company's id, the realm, is in every path.
  baseUrl: "https://quickbooks.api.intuit.com/v3/company/{account}",
  hosts: ["oauth.platform.intuit.com", "developer.api.intuit.com"],
  auth: {
    kind: "authorization-code",
    // https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/oauth-2.0
    authorizeUrl: "https://appcenter.intuit.com/connect/oauth2",
    tokenUrl: "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
    revokeUrl: "https://developer.api.intuit.com/v2/oauth2/tokens/revoke",
    revokesAs: "json",
    scopes: ["com.intuit.quickbooks.accounting"],
    parameters: {},
    clientAuthentication: "basic",
    // It stands beside the code and nowhere else; that the token is this company's shows when it is tried at its path.
    account: ({ callback }) => (/^\d{1,40}$/.test(callback["realmId"] ?? "") ? (callback["realmId"] ?? null) : null),
    credential: oauthCredential,
  },
  // https://developer.intuit.com/app/developer/qbo/docs/learn/rest-api-features: for each company, and for each company and app.
  limits: [
    slidingWindow({ per: "account", requests: 500, perMs: minuteMs }),
    slidingWindow({ per: "account", requests: 10, perMs: 1_000 }),
  ],
  classify,
  webhook: webhook({
    verify: quickbooksSignature,
    // Anything but a 200 within three seconds holds back what comes after.
    answer: { status: 200, body: "" },
    // No time is signed.
    isReplayable: true,
    schema: WebhookBody,
    dedupeKey: dedupeKeyOf,
    split: splitByCompany,
    touches: touchesOf,
  }),
  resources: {
    customers: resource({
      ...list,
      page: queryPages("Customer", { alsoInactive: true }),
      model: customer,
      onePath: (id) => `/customer/${id}`,
      oneItem: "Customer",
      schema: Customer,
      id: (raw) => raw.Id,
      toRecord: toCustomer,
    }),
    invoices: resource({
      ...list,
      page: queryPages("Invoice", { alsoInactive: false }),
      model: invoice,
      onePath: (id) => `/invoice/${id}`,
      oneItem: "Invoice",
      schema: Invoice,
      id: (raw) => raw.Id,
      toRecord: toInvoice,
    }),
    payments: resource({
      ...list,
      page: queryPages("Payment", { alsoInactive: false }),
      model: payment,
      onePath: (id) => `/payment/${id}`,
      oneItem: "Payment",
      schema: Payment,
      id: (raw) => raw.Id,
      toRecord: toPayment,
    }),
  },
});

/** Errors are told by a code within a Fault: https://developer.intuit.com/app/developer/qbo/docs/develop/troubleshooting/error-codes */
function classify({ status, headers, body }: ParsedAnswer): Classified | null {
  const [error] = ErrorBody.safeParse(body).data?.Fault.Error ?? [];
  // Of a thing that is not there it is said with a 400; the code is the one by which all else here knows it.
  if (error?.code === "610") return { kind: "client", code: "http-404" };
  // A minute's quota, and no answer says when it is there again.
  if ((status === 429 || error?.code === "3001" || error?.code === "003001") && headers["retry-after"] === undefined)
    return { kind: "rate", code: "throttled", retryAfterMs: minuteMs };
  if (status < 300 && error !== undefined) return { kind: "client", code: `fault-${error.code.slice(0, 20)}` };
  return null;
}
