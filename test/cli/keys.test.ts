import { describe, expect, test } from "vitest";
import { keysCommand } from "../../bin/commands/keys.ts";
import { UsageError } from "../../bin/commands/usage-error.ts";
import { openCli, runCommand } from "./support/api-server.ts";

describe("keys", () => {
  test("are created, listed and revoked, and shown once", async () => {
    const cli = await openCli();
    const options = ["--role", "viewer", "--tenant", "tenant-1", "--days", "30"];
    const { code, out } = await cli.run(keysCommand, "create", "a dashboard", ...options);
    const [key = ""] = out.split("\n");
    expect([code, key]).toEqual([0, expect.stringMatching(/^sluice_\S{40,}$/)]);
    expect(cli.api.ports.keys.all()).toMatchObject([{ name: "a dashboard", role: "viewer", tenantId: "tenant-1" }]);

    const own = (key: string) => runCommand(keysCommand, ["--url", cli.url, "--key", key]);
    await expect(own(key)).rejects.toThrow("This needs a key whose role is admin");
    const listed = await cli.run(keysCommand);
    expect(listed.out).toMatch(/a dashboard +viewer +tenant-1 +active/);
    expect(listed.out).not.toContain(key);

    const [made] = cli.api.ports.keys.all();
    const revoked = await cli.run(keysCommand, "revoke", made?.id ?? "");
    expect(revoked.out).toContain("(a dashboard) is revoked");
    await expect(own(key)).rejects.toThrow("This key was revoked");
    expect(await cli.json(keysCommand)).toMatchObject({ items: [{ status: "revoked" }] });
  });

  test("are of every tenant and for 90 days unless said", async () => {
    const cli = await openCli();
    const made = await cli.json(keysCommand, "create", "robot", "--role", "operator");
    const [stored] = cli.api.ports.keys.all();
    expect(made).toMatchObject({ id: stored?.id, tenantId: null, role: "operator" });
    expect((stored?.expiresAtMs ?? 0) - (stored?.createdAtMs ?? 0)).toBe(90 * 86_400_000);
  });

  test.each([["create"], ["revoke"], ["create", "x"], ["make", "x"], ["create", "x", "y"]])(
    "says how it is used: %s %s",
    async (...words) => {
      const cli = await openCli();
      await expect(async () => cli.run(keysCommand, ...words)).rejects.toThrow(UsageError);
      expect(cli.requests).toEqual([]);
    },
  );

  test("that are not there cannot be revoked", async () => {
    const cli = await openCli();
    await expect(cli.run(keysCommand, "revoke", "key_0")).rejects.toThrow("There is no such key.");
  });
});
