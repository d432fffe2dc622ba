import type { Once } from "../../../../lib/flows/api/once.ts";
import type { ApiResponse } from "../../../../lib/flows/api/request.ts";

/** `once` in memory: what the persistence behind the function does, without time running out on anything. */
export function memoryOnce(): Once {
  const calls = new Map<string, { readonly fingerprint: string; response: ApiResponse | null }>();
  return async ({ key, fingerprint }, effect) => {
    const former = calls.get(key);
    if (former !== undefined && former.fingerprint !== fingerprint) return { kind: "reused" };
    if (former?.response === null) return { kind: "in-progress" };
    if (former !== undefined) return { kind: "answered", response: former.response, replayed: true };
    const call: { readonly fingerprint: string; response: ApiResponse | null } = { fingerprint, response: null };
    calls.set(key, call);
    try {
      call.response = await effect();
    } catch (error) {
      calls.delete(key);
      throw error;
    }
    return { kind: "answered", response: call.response, replayed: false };
  };
}
