import type { ApiRequest } from "./request.ts";
import { ApiProblem } from "./problem.ts";

/** Whether a presented key is the API's, in time that does not depend on where it differs. */
export type VerifyApiKey = (presented: string) => Promise<boolean>;

/** Throws the 401 unless the request carries the API's key, as `x-api-key` or as a bearer token. */
export async function requireApiKey(verifyApiKey: VerifyApiKey, request: ApiRequest): Promise<void> {
  const presented = presentedKey(request.headers);
  if (presented === null) {
    throw refused("missing-api-key", "Send the API's key in the x-api-key header, or as a bearer token.");
  }
  if (!(await verifyApiKey(presented))) {
    throw refused("wrong-api-key", "That is not this API's key.");
  }
}

function presentedKey(headers: ApiRequest["headers"]): string | null {
  const header = headers["x-api-key"];
  if (header !== undefined && header !== "") return header;
  return /^Bearer +(\S+)$/i.exec(headers["authorization"] ?? "")?.[1] ?? null;
}

function refused(code: string, message: string): ApiProblem {
  return new ApiProblem(401, [{ code, message }], { "www-authenticate": 'Bearer realm="sluice"' });
}
