/** What an application that reads records and change events needs. */
export * from "./change-event-reader.ts";
export * from "./client.ts";
export * from "../models/index.ts";
