import { createServer } from "node:http";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { startSandboxes } from "../../../lib/local/sandbox/run.ts";
import { sandbox } from "../../../lib/partners/stripe/sandbox.ts";
import { temporaryFolder } from "./support/open-sandbox.ts";

test("the table stands for the partners' hosts, on loopback only, and is gone after the stop", async () => {
  const running = await startSandboxes([sandbox], { dataDir: temporaryFolder() });
  expect(Object.keys(running.table)).toEqual(["api.stripe.com"]);
  expect(running.table["api.stripe.com"]).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(running.addresses["stripe"]).toBe(running.table["api.stripe.com"]);
  const health = await fetch(`${running.addresses["stripe"] ?? ""}/__sandbox/health`);
  expect(await health.json()).toEqual({ sandbox: "stripe", ok: true });
  await running.stop();
  await expect(fetch(`${running.addresses["stripe"] ?? ""}/__sandbox/health`)).rejects.toThrow("fetch failed");
});

/** Listens on a port (0: any free one) and answers which. */
async function occupy(port: number): Promise<{ readonly port: number; free(): Promise<void> }> {
  const server = createServer();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  const free = async () => {
    server.close();
    await once(server, "close");
  };
  return { port: address === null || typeof address === "string" ? 0 : address.port, free };
}

test("a port that is taken is named, and what had started before is stopped", async () => {
  const taken = await occupy(0);
  const other = await occupy(0);
  await other.free();
  const first = { ...sandbox, name: "first", hosts: ["first.example"] };
  const ports = { first: other.port, stripe: taken.port };
  const start = startSandboxes([first, sandbox], { dataDir: temporaryFolder(), ports });
  await expect(start).rejects.toThrow(`127.0.0.1:${taken.port}`);
  expect((await occupy(other.port)).port).toBe(other.port);
});
