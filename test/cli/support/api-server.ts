import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { onTestFinished, vi } from "vitest";
import type { Command } from "../../../bin/commands/command.ts";
import { handleApi } from "../../../lib/flows/api/handle-api.ts";
import { apiKey, TestApi } from "../../flows/api/support/api.ts";

/** The API on memory ports behind a real socket, and the command line beside it. */
export interface CliWorld {
  readonly api: TestApi;
  readonly url: string;
  /** Every request that came, as `METHOD /path?query`. */
  readonly requests: readonly string[];
  /** Runs a command with the API's address and key. */
  run(command: Command, ...args: readonly string[]): Promise<CliResult>;
  /** The same with --json, and what it printed as a value. */
  json(command: Command, ...args: readonly string[]): Promise<unknown>;
}

export interface CliResult {
  readonly code: number;
  readonly out: string;
}

export async function openCli(api = new TestApi()): Promise<CliWorld> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? "/", "http://localhost");
      requests.push(`${request.method} ${url.pathname}${url.search}`);
      const answer = await handleApi(api.apiPorts, {
        method: request.method ?? "GET",
        // As API Gateway does: decoded once.
        path: decodeURIComponent(url.pathname),
        query: Object.fromEntries(url.searchParams),
        headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
        body: await buffer(request),
        requestId: `request-${requests.length}`,
        origin: "https://api.example.com",
      });
      response.writeHead(answer.status, answer.headers).end(answer.body);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  // A server that listens on a port has an address with one.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const run = (command: Command, ...args: readonly string[]): Promise<CliResult> =>
    runCommand(command, [...args, "--url", url, "--key", apiKey]);
  return {
    api,
    url,
    requests,
    run,
    async json(command, ...args) {
      const { out } = await run(command, ...args, "--json");
      const value: unknown = JSON.parse(out);
      return value;
    },
  };
}

/** Runs a command in this process, with what it writes kept. */
export async function runCommand(command: Command, args: readonly string[]): Promise<CliResult> {
  let out = "";
  const write = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    out += String(chunk);
    return true;
  });
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: command.options, allowPositionals: true });
    return { code: await command.run(values, positionals), out };
  } finally {
    write.mockRestore();
  }
}
