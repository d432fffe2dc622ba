import { openWorld } from "../../../lib/local/world/open-world.ts";

/** A world in a process of its own, to be killed: prints where it is, one JSON line, and runs until then. */
const [cdkOutDir = "", dataDir = "", port = "0"] = process.argv.slice(2);
const world = await openWorld({ cdkOutDir, stage: "local", dataDir, port: Number(port), sandboxes: true });
const sandboxes = Object.fromEntries(world.partners.map((partner) => [partner.name, partner.client.address]));
process.stdout.write(`${JSON.stringify({ url: world.stack.url, apiKey: world.apiKey, sandboxes })}\n`);
process.on("message", (message) => {
  if (message === "fire") void world.fireSchedules().then(() => process.send?.("fired"));
  if (message === "idle") void world.stack.idle(900_000).then(() => process.send?.("idle"));
});
