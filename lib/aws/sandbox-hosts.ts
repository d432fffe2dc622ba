import * as z from "zod";

/** A partner's host → the base URL of the sandbox that stands in for it on this machine. */
export type SandboxHosts = ReadonlyMap<string, string>;

const Table = z.lazy(() => z.record(z.string().min(1), z.url({ protocol: /^http$/ })));

/**
 * The local stack's table of sandboxes. A deployed function must never send a credential to a stand-in: the table is
 * refused unless AWS itself is on loopback too, and so must be every sandbox.
 */
export function sandboxHostsIn(
  text: string | undefined,
  endpoint: string | undefined,
): { readonly kind: "read"; readonly hosts: SandboxHosts } | { readonly kind: "refused"; readonly fault: string } {
  if (text === undefined || text === "") return { kind: "read", hosts: new Map() };
  if (endpoint === undefined || !isLoopback(endpoint)) {
    return { kind: "refused", fault: "is for the local stack only, where AWS_ENDPOINT_URL is on loopback" };
  }
  const table = Table.safeParse(parseJson(text));
  if (!table.success) return { kind: "refused", fault: "must be a JSON object of hosts and http URLs" };
  const strange = Object.values(table.data).find((url) => !isLoopback(url));
  if (strange !== undefined) return { kind: "refused", fault: "names a sandbox that is not on loopback" };
  return { kind: "read", hosts: new Map(Object.entries(table.data)) };
}

/** On the local stack, the address of the sandbox that stands in for the partner; null where the partner itself is called. */
export function standInOf(address: string, sandboxHosts: SandboxHosts): URL | null {
  const url = new URL(address);
  const sandbox = sandboxHosts.get(url.host);
  return sandbox === undefined ? null : new URL(`${sandbox.replace(/\/$/, "")}${url.pathname}${url.search}`);
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
