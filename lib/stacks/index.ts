export { createApp, type CreateAppOptions } from "./create-app.ts";
export { ChangeQueue, type ChangeQueueProps } from "../constructs/change-queue.ts";
