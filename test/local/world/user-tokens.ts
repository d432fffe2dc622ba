import { expect } from "vitest";
import * as z from "zod";
import { startUserIssuer } from "../../../lib/local/users/user-issuer.ts";
import type { World } from "../../../lib/local/world/open-world.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const Issued = z.object({ token: z.string() });

async function tokenOf(issuerUrl: string, asked: object): Promise<string> {
  const answer = await fetch(`${issuerUrl}/token`, { method: "POST", body: JSON.stringify(asked) });
  expect(answer.status).toBe(200);
  return Issued.parse(await answer.json()).token;
}

/** The API's one authorizer on users' tokens: a viewer reads and changes nothing, an old or foreign token opens nothing. */
export async function checkUserTokens({ stack, usersUrl }: World): Promise<void> {
  const call = async (token: string, method: string, path: string): Promise<number> => {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${stack.url}/api/v1${path}`, { method, headers })).status;
  };
  const viewer = await tokenOf(usersUrl, { role: "viewer" });
  expect(await call(viewer, "GET", "/connections?limit=1")).toBe(200);
  expect(await call(viewer, "POST", "/partners/stripe/pause")).toBe(403);
  expect(await call(viewer, "GET", "/keys")).toBe(403);
  const operator = await tokenOf(usersUrl, { role: "operator", tenantId: "tenant-of-nobody" });
  // Of its tenant alone: what is of all partners at once is not a tenant's to see.
  expect(await call(operator, "GET", "/connections?limit=1")).toBe(200);
  expect(await call(operator, "GET", "/status")).toBe(403);
  expect(await call(await tokenOf(usersUrl, { role: "admin" }), "GET", "/keys")).toBe(200);

  const expired = await tokenOf(usersUrl, { role: "admin", minutes: -5 });
  expect(await call(expired, "GET", "/connections")).toBe(401);
  const stranger = await startUserIssuer({ dataDir: temporaryFolder() });
  try {
    expect(await call(await tokenOf(stranger.url, { role: "admin" }), "GET", "/connections")).toBe(401);
  } finally {
    await stranger.stop();
  }
  const [head = "", claims = "", signature = ""] = viewer.split(".");
  const raised = Buffer.from(claims, "base64url").toString("utf8").replace("sluice-viewer", "sluice-admin");
  const forged = `${head}.${Buffer.from(raised).toString("base64url")}.${signature}`;
  expect(await call(forged, "GET", "/connections")).toBe(401);
}
