import { describe, expect, test } from "vitest";
import { connectCommand } from "../../bin/commands/connect.ts";
import { connectionsCommand } from "../../bin/commands/connections.ts";
import { pauseCommand } from "../../bin/commands/pause.ts";
import { resumeCommand } from "../../bin/commands/resume.ts";
import { syncCommand } from "../../bin/commands/sync.ts";
import { UsageError } from "../../bin/commands/usage-error.ts";
import { openCli } from "./support/api-server.ts";

describe("connect", () => {
  test("makes a connection with all that was said, and shows it without its secrets", async () => {
    const cli = await openCli();
    const words =
      "beta --tenant tenant-9 --account acct-1 --credential token=beta-a=b --credential region=eu --setting zone=north";
    const own = ["--name", "Harbour Flats", "--webhook-secret", "a-webhook-secret"];
    const { code, out } = await cli.run(connectCommand, ...words.split(" "), ...own);
    expect(code).toBe(0);
    const [stored, ...more] = cli.api.ports.connections.all();
    expect(more).toEqual([]);
    expect(stored).toMatchObject({
      partner: "beta",
      tenantId: "tenant-9",
      name: "Harbour Flats",
      account: "acct-1",
      settings: { zone: "north" },
      status: "active",
    });
    const owner = { partner: "beta", connectionId: stored?.connectionId ?? "" };
    expect((await cli.api.ports.credentials.read(owner))?.fields).toEqual({ token: "beta-a=b", region: "eu" });
    expect(out).toContain(owner.connectionId);
    expect(out).toContain("Harbour Flats");
    expect(out).not.toMatch(/beta-a=b|a-webhook-secret/);
  });

  test.each([
    [["beta"], "--tenant"],
    [["--tenant", "t"], "Usage"],
    [["beta", "gamma", "--tenant", "t"], "Usage"],
    [["beta", "--tenant", "t", "--credential", "a-secret-value"], "--credential"],
  ])("takes no %j", async (args, said) => {
    const cli = await openCli();
    const error: unknown = await cli.run(connectCommand, ...args).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).toContain(said);
    expect(String(error)).not.toContain("a-secret-value");
    expect(cli.requests).toEqual([]);
  });

  test("says what the API refuses", async () => {
    const cli = await openCli();
    const refused = cli.run(connectCommand, "nobody", "--tenant", "t");
    await expect(refused).rejects.toThrow("There is no such partner.");
  });
});

describe("connections", () => {
  test("are listed, of all, of a tenant or of a partner", async () => {
    const cli = await openCli();
    const acme = await cli.api.connect();
    const beta = await cli.api.connect({
      partner: "beta",
      tenantId: "tenant-2",
      credential: { token: "beta-1", region: "eu" },
    });
    const idsOf = async (...args: string[]) => {
      const { out } = await cli.run(connectionsCommand, ...args);
      return [acme, beta].filter((id) => out.includes(id));
    };
    expect(await idsOf()).toEqual([acme, beta]);
    expect(await idsOf("--tenant", "tenant-2")).toEqual([beta]);
    expect(await idsOf("--partner", "acme")).toEqual([acme]);
    expect(await cli.json(connectionsCommand, "--partner", "acme")).toMatchObject({
      items: [{ id: acme }],
      complete: true,
    });
  });

  test("say when there are more than were read", async () => {
    const cli = await openCli();
    for (let number = 0; number < 3; number++) await cli.api.connect();
    expect((await cli.run(connectionsCommand, "--limit", "2")).out).toContain("The first 2 were read");
    expect(await cli.json(connectionsCommand, "--limit", "2")).toMatchObject({ complete: false });
    expect(await cli.json(connectionsCommand, "--limit", "4")).toMatchObject({ complete: true });
  });

  test("are found by id, by name, or by a partner that has one", async () => {
    const cli = await openCli();
    const id = await cli.api.connect({ name: "Blue Door" });
    for (const said of [id, "Blue Door", "acme"])
      expect(await cli.json(connectionsCommand, said)).toMatchObject({ id, resources: [{ resource: "orders" }] });
    const second = await cli.api.connect({ name: "Red Door" });
    expect(await cli.json(connectionsCommand, "Red Door")).toMatchObject({ id: second });
    const error: unknown = await cli.run(connectionsCommand, "acme").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    for (const each of [id, second]) expect(String(error)).toContain(each);
    await expect(cli.run(connectionsCommand, "nobody")).rejects.toThrow(UsageError);
  });
});

describe("pause and resume", () => {
  test("change the connection and show it", async () => {
    const cli = await openCli();
    const id = await cli.api.connect();
    const statusOf = async () => (await cli.api.ports.connections.read("acme", id))?.status;
    expect((await cli.run(pauseCommand, "acme")).out).toContain("paused");
    expect(await statusOf()).toBe("paused");
    expect(await cli.json(resumeCommand, id)).toMatchObject({ id, status: "active" });
    expect(await statusOf()).toBe("active");
  });
});

describe("sync", () => {
  test("starts what was asked for", async () => {
    const cli = await openCli();
    const id = await cli.api.connect({ partner: "beta", credential: { token: "beta-1", region: "eu" } });
    for (const run of cli.api.ports.runs.all())
      await cli.api.ports.runs.compareAndSet({ ...run, status: { kind: "done", atMs: 1 }, revision: run.revision + 1 });
    const { code, out } = await cli.run(syncCommand, "beta", "--resource", "invoices", "--mode", "full");
    expect(code).toBe(0);
    expect(out).toMatch(/invoices +started +invoices-manual-/);
    const started = cli.api.ports.runs.all().filter((run) => run.status.kind === "active");
    expect(started).toMatchObject([{ connectionId: id, resource: "invoices", mode: "full", trigger: "manual" }]);
    expect(await cli.json(syncCommand, id)).toMatchObject({
      runs: [
        { resource: "invoices", result: "already-running" },
        { resource: "refunds", result: "started" },
      ],
    });
  });

  test("is refused while the connection is paused, and takes no unknown mode", async () => {
    const cli = await openCli();
    const id = await cli.api.connect();
    await cli.run(pauseCommand, id);
    await expect(cli.run(syncCommand, id)).rejects.toThrow("make it active first");
    await expect(cli.run(syncCommand, id, "--mode", "some")).rejects.toThrow(UsageError);
  });
});
