import { fileURLToPath } from "node:url";
import { createApp } from "../lib/stacks/index.ts";
import config from "../sluice.config.ts";

// What `cdk synth` and `cdk deploy` run: `-c stage=prod` chooses the stage, `-c nag=true` checks it against AWS's rules.
const app = createApp({ config, configPath: fileURLToPath(new URL("../sluice.config.ts", import.meta.url)) });

if (app.node.tryGetContext("nag") === "true") {
  const { addNag } = await import("../lib/stacks/nag.ts");
  addNag(app);
}
