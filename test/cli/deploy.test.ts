import { describe, expect, test, vi } from "vitest";
import { createDeployCommand } from "../../bin/commands/deploy/deploy.ts";
import type { DeployWorld } from "../../bin/commands/deploy/deploy-world.ts";
import { UsageError } from "../../bin/commands/usage-error.ts";
import { changed } from "../../lib/engine/control.ts";
import type { Control } from "../../lib/engine/control.ts";
import { lanes } from "../../lib/engine/job.ts";
import { openCli } from "./support/api-server.ts";
import type { CliResult, CliWorld } from "./support/api-server.ts";

const maria = { sinceMs: 1_000, by: "maria", reason: "maintenance" };

interface Deploying {
  readonly cli: CliWorld;
  readonly commands: (readonly string[])[];
  /** What happens while the deploy sleeps; time goes on by itself. */
  whileAsleep: (slept: number) => unknown;
  /** What the command does; its exit code. */
  command: () => Promise<number>;
  /** Whether the partner's lanes are worked: their canaries then come back. */
  works: boolean;
  interrupt(): void;
  deploy(...args: readonly string[]): Promise<CliResult>;
  control(partner?: string): Promise<Control>;
  want(partner: string, change: Partial<Control>): Promise<void>;
}

async function open(): Promise<Deploying> {
  const cli = await openCli();
  const { clock, control } = cli.api.ports;
  let interrupted: () => void = () => undefined;
  let slept = 0;
  const world: DeployWorld = {
    async sleep(delayMs) {
      clock.advance(delayMs);
      slept += 1;
      if (deploying.works) await consumeCanaries();
      await deploying.whileAsleep(slept);
    },
    async runCommand(words) {
      deploying.commands.push(words);
      return deploying.command();
    },
    onInterrupt(callback) {
      interrupted = callback;
      return () => undefined;
    },
  };
  const consumeCanaries = async (): Promise<void> => {
    for (const partner of ["acme", "beta"]) {
      const atMs = clock.nowMs();
      const canaries = lanes.map((lane) => ({ lane, sentAtMs: atMs, consumedAtMs: atMs }));
      await deploying.want(partner, { canaries });
    }
  };
  const deploying: Deploying = {
    cli,
    commands: [],
    whileAsleep: () => undefined,
    command: async () => 0,
    works: true,
    interrupt: () => interrupted(),
    deploy: async (...args) => cli.run(createDeployCommand(world), ...args),
    control: async (partner = "acme") => control.read(partner, null),
    async want(partner, change) {
      await control.compareAndSet(changed(await control.read(partner, null), change));
    },
  };
  return deploying;
}

/** Everything of what is under way is done. */
async function finishAll(cli: CliWorld): Promise<void> {
  const { ports } = cli.api;
  ports.lanes.messages.splice(0);
  for (const run of ports.runs.all())
    await ports.runs.compareAndSet({ ...run, status: { kind: "done", atMs: 1 }, revision: run.revision + 1 });
}

describe("deploy", () => {
  test("stops imports, waits until nothing is under way, runs the command, verifies, and starts imports again", async () => {
    const deploying = await open();
    const { cli } = deploying;
    await cli.api.connect();
    deploying.whileAsleep = async (slept) => {
      if (slept === 3) await finishAll(cli);
    };
    deploying.command = async () => {
      expect((await deploying.control()).schedules).toMatchObject({ by: "deploy" });
      expect(cli.api.ports.runs.all().filter((run) => run.status.kind === "active")).toEqual([]);
      return 0;
    };
    const { code, out } = await deploying.deploy("--partner", "acme", "npx", "cdk", "deploy");
    expect(out).toMatch(/acme +yes +running/);
    expect([code, deploying.commands]).toEqual([0, [["npx", "cdk", "deploy"]]]);
    expect(await deploying.control()).toMatchObject({ schedules: null, pause: null });
    const actions = cli.api.ports.audit.entries
      .map(({ action }) => action)
      .filter((action) => action.startsWith("partner"));
    expect(actions).toEqual(["partner.drain", "partner.resume"]);
  });

  test("goes on when the drain's time is up, and says that it is safe; not with --require-empty", async () => {
    const deploying = await open();
    await deploying.cli.api.connect();
    const words = ["--partner", "acme", "--drain-for", "20s"];
    const went = await deploying.deploy(...words, "make");
    expect(went.out).toMatch(/Still under way in acme.*\n.*checkpoints/);
    expect([went.code, deploying.commands]).toEqual([0, [["make"]]]);
    const stayed = await deploying.deploy(...words, "--require-empty", "make");
    expect([stayed.code, deploying.commands.length]).toEqual([1, 1]);
    expect((await deploying.control()).schedules).toBeNull();
    expect(stayed.out).toContain("imports are started again");
  });

  test("leaves imports stopped when nothing is worked after it, however lately before, and says how to go on", async () => {
    const deploying = await open();
    const atMs = deploying.cli.api.ports.clock.nowMs();
    const canaries = lanes.map((lane) => ({ lane, sentAtMs: atMs, consumedAtMs: atMs }));
    for (const partner of ["acme", "beta"]) await deploying.want(partner, { canaries });
    deploying.command = async () => {
      deploying.works = false;
      return 0;
    };
    const { code, out } = await deploying.deploy("--all", "make");
    expect(code).toBe(1);
    expect(out).toMatch(/acme +no +stopped +Nothing was worked on webhooks and imports since the deploy/);
    for (const partner of ["acme", "beta"]) {
      expect((await deploying.control(partner)).schedules).toMatchObject({ by: "deploy" });
      expect(out).toContain(`sluice deploy after --partner ${partner}`);
      expect(out).toContain(`sluice resume --partner ${partner}`);
    }
    // Mended, the same again takes the hold over and ends it.
    deploying.works = true;
    deploying.command = async () => 0;
    expect((await deploying.deploy("--all", "make")).code).toBe(0);
    for (const partner of ["acme", "beta"]) expect((await deploying.control(partner)).schedules).toBeNull();
  });

  test("a command that fails exits 1, and imports start again where the partner is well", async () => {
    const deploying = await open();
    deploying.command = async () => 3;
    const { code, out } = await deploying.deploy("--partner", "acme", "make");
    expect([code, (await deploying.control()).schedules]).toEqual([1, null]);
    expect(out).toMatch(/failed with exit code 3/);
    deploying.command = async () => Promise.reject(new Error("spawn make ENOENT"));
    const missing = await deploying.deploy("--partner", "acme", "make");
    expect([missing.code, missing.out.includes("spawn make ENOENT")]).toEqual([1, true]);
    expect((await deploying.control()).schedules).toBeNull();
  });

  test("leaves imports stopped of a partner that is down since", async () => {
    const deploying = await open();
    const breaker = { kind: "open", opened: 1, sinceMs: 0, untilMs: 1 } as const;
    deploying.command = async () => {
      await deploying.want("acme", { breaker });
      return 0;
    };
    const broke = await deploying.deploy("--partner", "acme", "make");
    expect(broke.code).toBe(1);
    expect(broke.out).toMatch(/acme +no +stopped +It is down/);
    // It was so before: the next deploy is not to blame, and waits for nothing that stands still.
    await deploying.cli.api.connect();
    deploying.whileAsleep = () => expect.unreachable("there is nothing to wait for");
    expect((await deploying.deploy("--partner", "acme", "make")).code).toBe(0);
    expect((await deploying.control()).schedules).toBeNull();
  });

  test("starts nothing that somebody else stopped, and waits for no paused partner", async () => {
    const deploying = await open();
    await deploying.cli.api.connect();
    await deploying.want("acme", { schedules: maria, pause: maria });
    const { code, out } = await deploying.deploy("--partner", "acme", "make");
    expect(code).toBe(0);
    expect(out).toMatch(/acme +yes +left +.*by maria/);
    expect(await deploying.control()).toMatchObject({ schedules: maria, pause: maria });
  });

  test("stopped before the command, imports start again and nothing is deployed", async () => {
    const deploying = await open();
    await deploying.cli.api.connect();
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
    deploying.whileAsleep = () => deploying.interrupt();
    const { code, out } = await deploying.deploy("--partner", "acme", "make");
    expect([code, deploying.commands]).toEqual([1, []]);
    expect(out).toContain("before anything was deployed");
    expect((await deploying.control()).schedules).toBeNull();
  });

  test("stopped during the command, it says what is left and how to go on", async () => {
    const deploying = await open();
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
    deploying.command = async () => {
      deploying.interrupt();
      return 130;
    };
    const { code, out } = await deploying.deploy("--partner", "acme", "make");
    expect(code).toBe(1);
    expect(out).toContain("sluice deploy after --partner acme");
    expect((await deploying.control()).schedules).toMatchObject({ by: "deploy" });
  });

  test("waits for an API that is away while it is deployed itself", async () => {
    const deploying = await open();
    const { lanes: queues } = deploying.cli.api.ports;
    const depth = queues.depth.bind(queues);
    deploying.command = async () => {
      let failing = 6;
      queues.depth = async (...args) => {
        failing -= 1;
        if (failing > 0) throw new Error("no such queue yet");
        return depth(...args);
      };
      return 0;
    };
    expect((await deploying.deploy("--partner", "acme", "make")).code).toBe(0);
    expect((await deploying.control()).schedules).toBeNull();
  });

  test("for programs: one document, the lines for people beside it", async () => {
    const deploying = await open();
    const lines = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const { out } = await deploying.deploy("--partner", "acme", "--json", "make", "deploy");
    expect(JSON.parse(out)).toMatchObject({
      ok: true,
      command: { words: ["make", "deploy"], exitCode: 0 },
      partners: [{ partner: "acme", verified: true, schedules: "running" }],
    });
    expect(lines.mock.calls.join("\n")).toContain("no imports are started");
  });
});

describe("deploy before and after", () => {
  test("are its halves: stopped by one, started by the other", async () => {
    const deploying = await open();
    expect((await deploying.deploy("before", "--all")).code).toBe(0);
    for (const partner of ["acme", "beta"])
      expect((await deploying.control(partner)).schedules).toMatchObject({ by: "deploy" });
    const { code, out } = await deploying.deploy("after", "--all");
    expect([code, deploying.commands]).toEqual([0, []]);
    expect(out).toMatch(/beta +yes +running/);
    for (const partner of ["acme", "beta"]) expect((await deploying.control(partner)).schedules).toBeNull();
  });
});

test.each([[[]], [["make"]], [["--all", "--partner", "acme", "make"]], [["--all", "--drain-for", "long", "make"]]])(
  "takes no %j",
  async (args) => {
    const deploying = await open();
    await expect(deploying.deploy(...args)).rejects.toThrow(UsageError);
    expect(deploying.commands).toEqual([]);
    expect(deploying.cli.api.ports.control.writes).toBe(0);
  },
);
