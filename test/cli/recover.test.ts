import { describe, expect, test } from "vitest";
import { recoverCommand } from "../../bin/commands/recover.ts";
import { UsageError } from "../../bin/commands/usage-error.ts";
import { startMs } from "../support/memory-ports.ts";
import { openCli } from "./support/api-server.ts";

describe("recover", () => {
  test("goes through all connections, page by page, and sums up", async () => {
    const cli = await openCli();
    for (let number = 0; number < 60; number++) await cli.api.connect();
    const words = ["acme", "--how", "purge-and-refresh", "--reason", "an outage", "--by", "maria"];
    const { code, out } = await cli.run(recoverCommand, ...words);
    expect(code).toBe(0);
    expect(out).toContain("fresh imports of 60 resources of 60 connections");
    expect(cli.requests.filter((request) => request.endsWith("/partners/acme/recover"))).toHaveLength(2);
    expect((await cli.api.ports.control.read("acme", null)).staleBefore).toMatchObject([{ atMs: startMs }]);
  });

  test("takes several resources, and full", async () => {
    const cli = await openCli();
    await cli.api.connect({ partner: "beta", credential: { token: "beta-1", region: "eu" } });
    const words = ["beta", "--how", "purge-and-refresh", "--reason", "r", "--full"];
    const two = ["--resource", "invoices", "--resource", "refunds"];
    expect(await cli.json(recoverCommand, ...words, ...two)).toMatchObject({ changed: 2, next: null });
    expect(cli.api.ports.audit.entries.at(-1)?.detail).toMatchObject({ resources: "invoices,refunds", full: "true" });
  });

  test("pauses, and says how it goes on", async () => {
    const cli = await openCli();
    const paused = await cli.run(recoverCommand, "acme", "--how", "pause", "--reason", "down", "--by", "maria");
    expect(paused.out).toMatch(/acme is paused\.\nacme is paused since .* by maria \(down\)/);
    const drained = await cli.run(recoverCommand, "acme", "--how", "drain", "--reason", "up");
    expect(drained.out).toContain("Nothing holds acme.");
  });

  test.each([
    [["acme", "--how", "drain"]],
    [["acme", "--how", "forget", "--reason", "r"]],
    [["--how", "drain", "--reason", "r"]],
  ])("takes no %j", async (args) => {
    const cli = await openCli();
    await expect(cli.run(recoverCommand, ...args)).rejects.toThrow(UsageError);
    expect(cli.requests).toEqual([]);
  });
});
