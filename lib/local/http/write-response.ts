import type { ServerResponse } from "node:http";
import { gatewayMessage, tooLargeMessage, type GatewayResponse } from "./gateway-response.ts";

/** Sends the answer; one that HTTP cannot carry, such as a header with a line break, becomes a 500. */
export function writeResponse(response: ServerResponse, requestId: string, answer: GatewayResponse): void {
  // What was thrown away of a body that is too large may not be all of it.
  if (answer === tooLargeMessage) response.setHeader("connection", "close");
  try {
    head(response, requestId, answer);
    response.end(answer.body);
  } catch {
    const refused = gatewayMessage(500, "Internal Server Error");
    head(response, requestId, refused);
    response.end(refused.body);
  }
}

function head(response: ServerResponse, requestId: string, answer: GatewayResponse): void {
  const bodiless = answer.statusCode === 204 || answer.statusCode === 304;
  response.writeHead(answer.statusCode, {
    ...answer.headers,
    ...(bodiless ? {} : { "content-length": String(answer.body.length) }),
    "apigw-requestid": requestId,
  });
}
