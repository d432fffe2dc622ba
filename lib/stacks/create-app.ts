import { join } from "node:path";
import { App, type AppProps } from "aws-cdk-lib";
import { ManagedPolicy, PermissionsBoundary } from "aws-cdk-lib/aws-iam";
import { bundlesOf, type Bundles } from "../constructs/bundles.ts";
import { checkNames, defaultStageOf, settingsOf, type Stage } from "../constructs/stage.ts";
import type { SluiceConfig } from "../engine/config.ts";
import { EdgeStack } from "./edge-stack.ts";
import { OperationsStack } from "./operations-stack.ts";
import { PartnerStack } from "./partner-stack.ts";
import { StateStack } from "./state-stack.ts";

export interface CreateAppOptions {
  readonly config: SluiceConfig;
  /** Absolute path of the file that `config` comes from: functions are bundled with it. */
  readonly configPath: string;
  /** Overrides `-c stage=…`. */
  readonly stage?: string;
  /** Where bundles come from; esbuild unless a test brings its own. */
  readonly bundles?: Bundles;
  readonly app?: AppProps;
}

/**
 * The CDK app of one stage, to be synthesised by `cdk synth`.
 *
 * @throws when the stage is not configured or a partner's names would not fit AWS's limits
 * @example
 * createApp({ config, configPath: fileURLToPath(import.meta.resolve("./sluice.config.ts")) });
 */
export function createApp(options: CreateAppOptions): App {
  const app = new App(options.app);
  const stage = stageOf(app, options);
  const state = new StateStack(app, stage);
  const partners = stage.partners.map((driver) => new PartnerStack(app, stage, driver));
  const others = [...partners, new EdgeStack(app, stage), new OperationsStack(app, stage)];
  // On state only: `cdk destroy` takes along what depends on a stack, and a partner must be able to go alone.
  for (const stack of others) stack.addStackDependency(state);
  if (stage.settings.permissionsBoundaryArn !== undefined) {
    const arn = stage.settings.permissionsBoundaryArn;
    PermissionsBoundary.of(app).apply(ManagedPolicy.fromManagedPolicyArn(app, "Boundary", arn));
  }
  return app;
}

function stageOf(app: App, options: CreateAppOptions): Stage {
  // Context is untyped; only a string names a stage.
  const context: unknown = app.node.tryGetContext("stage");
  const name =
    options.stage ?? (typeof context === "string" && context !== "" ? context : defaultStageOf(options.config));
  const settings = settingsOf(options.config, name);
  checkNames(name, settings, options.config.partners);
  return {
    name,
    settings,
    partners: options.config.partners,
    bundles: options.bundles ?? bundlesOf({ configPath: options.configPath, outFolder: join(app.outdir, "bundles") }),
  };
}
