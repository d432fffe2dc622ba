import { startSandboxes } from "../../../../lib/local/sandbox/run.ts";
import { sandbox } from "../../../../lib/partners/stripe/sandbox.ts";

// A sandbox in a process of its own, to be killed: its folder is the first argument, its address the first line it prints.
const running = await startSandboxes([sandbox], { dataDir: process.argv[2] ?? "" });
process.stdout.write(`${running.addresses["stripe"] ?? ""}\n`);
