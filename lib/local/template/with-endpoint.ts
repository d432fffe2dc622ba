import type { StackModel } from "../types.ts";

/**
 * The model with its functions' queue URLs on the local endpoint. The SDK sends a queue's calls to the host of the queue's
 * URL, whatever AWS_ENDPOINT_URL says: without this a function would leave the machine.
 * @example const running = withEndpoint(model, services.endpoint)
 */
export function withEndpoint(model: StackModel, endpoint: string): StackModel {
  const queueOrigin = `https://sqs.${model.region}.amazonaws.com`;
  const functions = model.functions.map((item) => {
    const variables = Object.entries(item.environment).map(
      ([name, value]) => [name, value.replaceAll(queueOrigin, endpoint)] as const,
    );
    return { ...item, environment: Object.fromEntries(variables) };
  });
  return { ...model, functions };
}
