export * from "./common.ts";
export * from "./customer.ts";
export * from "./model.ts";
export * from "./money.ts";
export * from "./payment.ts";
