import type { SandboxDemo } from "../../local/sandbox/demo.ts";

const key = "sluiceDemonstrationOnly00000000000000001";
const webhookKey = "company-webhook-key-of-the-demonstration";

/** Small: at 300 calls a minute, every single thing that is fetched costs a fifth of a second. */
const seeds = {
  demo: { orders: 260, products: 220, customers: 60 },
  smoke: { orders: 130, products: 120, customers: 30 },
};

export const leaflinkDemo: SandboxDemo = {
  account: (size) => ({ key, webhookKey, seed: seeds[size] }),
  accountKey: { key },
  credential: { apiKey: key },
  webhookSecret: webhookKey,
  resourceOf: { order: "orders", product: "products", customer: "customers" },
  webhooksMax: 100,
  singlePath: "/api/v2/",
};
