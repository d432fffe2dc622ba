import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { onTestFinished } from "vitest";
import { startHttpApi, type HttpApi } from "../../../lib/local/http/http-api.ts";
import type { HttpEvent } from "../../../lib/local/http/request-event.ts";
import type { HttpApiModel, InvocationResult } from "../../../lib/local/types.ts";
import { account, region } from "./models.ts";
import { createTestClock, type TestClock } from "./test-clock.ts";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The gateway under test. */
export interface HttpBench {
  readonly api: HttpApi;
  readonly clock: TestClock;
  /** What the function was called with, in order. */
  readonly calls: { readonly functionArn: string; readonly event: HttpEvent }[];
  readonly log: string[];
}

export const functionArn = `arn:aws:lambda:${region}:${account}:function:f`;

/** A gateway on a real socket in front of a function that is given as code. */
export async function startHttpBench(
  model: Partial<HttpApiModel>,
  behave: (event: HttpEvent) => Promise<InvocationResult> | InvocationResult,
): Promise<HttpBench> {
  const clock = createTestClock(Date.parse("2020-03-12T19:03:58.000Z"));
  const calls: HttpBench["calls"] = [];
  const log: string[] = [];
  const api = await startHttpApi({
    api: {
      id: "api1",
      name: "edge",
      routes: [{ routeKey: "$default", functionArn, throttle: null }],
      defaultThrottle: null,
      ...model,
    },
    accountId: account,
    port: 0,
    clock,
    onLog: (line) => log.push(line.text),
    host: {
      async invoke(name, event) {
        // The gateway sends events of this type.
        const sent = event as HttpEvent;
        calls.push({ functionArn: name, event: sent });
        return behave(sent);
      },
    },
  });
  onTestFinished(() => api.stop(0));
  return { api, clock, calls, log };
}

export const returning = (payload: unknown) => (): InvocationResult => ({ kind: "returned", payload });

export function ask(
  url: string,
  path: string,
  options: { method?: string; headers?: Record<string, string | string[]>; body?: Buffer | string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      `${url}${path}`,
      { method: options.method ?? "GET", headers: options.headers ?? {}, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
        );
      },
    );
    outgoing.on("error", reject);
    outgoing.end(options.body);
  });
}
