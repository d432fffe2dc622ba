export * from "./common.ts";
export * from "./customer.ts";
export * from "./guest.ts";
export * from "./model.ts";
export * from "./money.ts";
export * from "./payment.ts";
export * from "./property.ts";
export * from "./reservation.ts";
