import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { createApp } from "../../../lib/stacks/index.ts";
import config from "./config.ts";

const Template = z.looseObject({ Resources: z.record(z.string(), z.looseObject({ Type: z.string() })) });
/** What would take messages from the lanes before they are counted. */
const takenOut = ["AWS::Lambda::EventSourceMapping", "AWS::Scheduler::Schedule"];

/** The stack as it is deployed, but for its consumers and for the throttle of its routes, as that would be all that is met. */
export function synthesise(outdir: string): string {
  const configPath = fileURLToPath(new URL("config.ts", import.meta.url));
  createApp({ config, configPath, stage: "local", app: { outdir } }).synth();
  for (const name of readdirSync(outdir).filter((file) => file.endsWith(".template.json"))) {
    const path = join(outdir, name);
    const text = readFileSync(path, "utf8").replaceAll(
      /"Throttling(Rate|Burst)Limit": ?\d+/g,
      '"Throttling$1Limit": 100000',
    );
    writeFileSync(path, JSON.stringify(withoutConsumers(Template.parse(JSON.parse(text)))));
  }
  return outdir;
}

function withoutConsumers(template: z.infer<typeof Template>): unknown {
  const gone = Object.entries(template.Resources).flatMap(([id, { Type }]) => (takenOut.includes(Type) ? [id] : []));
  const kept = Object.fromEntries(Object.entries(template.Resources).filter(([id]) => !gone.includes(id)));
  return JSON.parse(JSON.stringify({ ...template, Resources: kept }), (_key, value: unknown) => {
    const Reference = z.strictObject({ Ref: z.string() });
    const reference = Reference.safeParse(value);
    return reference.success && gone.includes(reference.data.Ref) ? "none" : value;
  });
}
