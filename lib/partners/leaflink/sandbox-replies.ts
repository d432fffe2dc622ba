import type { Reply } from "../../local/sandbox/definition.ts";

/** Errors of V2 are not documented; `detail` is what its framework answers, and what the newer API's reference shows. */
export function detail(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers, body: { detail: message } };
}

/** What is wrong with one parameter. */
export function badParameter(name: string, message: string): Reply {
  return { status: 400, body: { [name]: [message] } };
}
