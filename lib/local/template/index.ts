export { listIgnoredProperties, type IgnoredProperty } from "./ignored-properties.ts";
export { loadStackModel, type LoadOptions } from "./load-stack-model.ts";
export { TemplateError } from "./template-error.ts";
export { withEndpoint } from "./with-endpoint.ts";
