import type { SandboxDemo } from "../../local/sandbox/demo.ts";

const realmId = "4620816365000001";
const verifierToken = "verifier-token-of-the-demonstration-only";

/** Our registration at the stand-in. */
export const quickbooksApp = { clientId: "sluiceDemonstration", clientSecret: "client-secret-of-the-demonstration" };

/** Small: at ten calls a second every single thing that is fetched costs a tenth of one. */
const seeds = {
  demo: { customers: 120, invoices: 260, payments: 140 },
  smoke: { customers: 60, invoices: 110, payments: 70 },
};

export const quickbooksDemo: SandboxDemo = {
  account: (size) => ({ realmId, verifierToken, name: "Harbour Books", seed: seeds[size] }),
  accountKey: { realmId },
  credential: {},
  grant: { clientId: quickbooksApp.clientId, account: realmId },
  connectionAccount: realmId,
  webhookSecret: verifierToken,
  resourceOf: { customer: "customers", invoice: "invoices", payment: "payments" },
  webhooksMax: 100,
  singlePath: "/v3/company/",
};
