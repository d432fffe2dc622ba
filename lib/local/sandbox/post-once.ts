import { request } from "node:http";
import type { SandboxClock } from "./clock.ts";

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** True for addresses of this machine: a stand-in never sends anything anywhere else. */
export function isLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return (
    protocol === "http:" && (hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname))
  );
}

/** Posts JSON once; answers the status, or null when none came in time. Throws for an address that is not loopback. */
export function postOnce(
  post: Post,
  timeoutMs: number,
  clock: SandboxClock,
  closing: AbortSignal,
): Promise<number | null> {
  if (!isLoopback(post.url)) throw new Error(`A sandbox sends webhooks to loopback only, not to ${post.url}`);
  return new Promise((resolve) => {
    const body = Buffer.from(post.body, "utf8");
    const headers = {
      "content-type": "application/json; charset=utf-8",
      "content-length": body.length,
      ...post.headers,
    };
    const call = request(post.url, { method: "POST", headers, signal: closing }, (response) => {
      response.resume();
      response.once("end", () => settle(response.statusCode ?? null));
      response.once("close", () => settle(null));
    });
    const cancelTimeout = clock.after(timeoutMs, () => call.destroy());
    const settle = (status: number | null) => {
      cancelTimeout();
      resolve(status);
    };
    call.once("error", () => settle(null));
    call.end(body);
  });
}
