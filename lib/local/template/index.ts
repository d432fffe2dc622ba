export { listIgnoredProperties } from "./ignored-properties.ts";
export { loadStackModel } from "./load-stack-model.ts";
export { withEndpoint } from "./with-endpoint.ts";
