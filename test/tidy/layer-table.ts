/**
 * The design's arrows as data: what each layer may import. Tests may import anything, and nothing may import them.
 * Order matters: a file belongs to the first layer that matches its path.
 */
export interface Layer {
  readonly name: string;
  readonly matches: RegExp;
  /** Layers that may be imported besides the layer itself. */
  readonly layers: readonly string[];
  /** Layers of which only types may be imported. */
  readonly layersTypeOnly?: readonly string[];
  /** npm packages, by name or `@scope/*`; `*` for any that `packagesDenied` does not name. */
  readonly packages: readonly string[];
  readonly packagesDenied?: readonly string[];
  /** Node's own modules, without `node:`; `*` for any. */
  readonly node: readonly string[];
  /** `import(variable)`: only where the target is a bundle or an adopter's file. */
  readonly computed?: boolean;
}

const sdk = "@aws-sdk/*";
const cdk = ["aws-cdk", "aws-cdk-lib", "constructs", "cdk-nag"];
const schema = "zod";

export const layers: readonly Layer[] = [
  { name: "models", matches: /^lib\/models\//, layers: [], packages: [schema], node: [] },
  {
    name: "engine",
    matches: /^lib\/engine\//,
    layers: ["models"],
    packages: [schema, "canonicalize", "oauth4webapi", "saxes"],
    node: ["crypto"],
  },
  { name: "flows", matches: /^lib\/flows\//, layers: ["engine", "models"], packages: [schema], node: [] },
  {
    name: "sandbox",
    matches: /^lib\/partners\/[^/]+\/sandbox/,
    layers: ["sandbox kit"],
    packages: ["*"],
    packagesDenied: [sdk, ...cdk],
    node: ["*"],
  },
  { name: "partners", matches: /^lib\/partners\//, layers: ["engine", "models"], packages: [schema], node: [] },
  {
    name: "aws",
    matches: /^lib\/aws\//,
    layers: ["engine", "models"],
    packages: [sdk, "@smithy/*", "@aws-lambda-powertools/*", "@middy/*", "aws4fetch", "aws-lambda", schema],
    node: ["*"],
  },
  {
    name: "constructs",
    matches: /^lib\/(constructs|stacks)\//,
    layers: ["partners", "engine", "models", "config"],
    packages: [...cdk, "esbuild", schema],
    node: ["*"],
  },
  {
    name: "sandbox kit",
    matches: /^lib\/local\/sandbox\//,
    layers: [],
    packages: ["*"],
    packagesDenied: [sdk, ...cdk],
    node: ["*"],
  },
  {
    name: "local",
    matches: /^lib\/local\//,
    layers: ["sandbox", "sandbox kit", "engine", "models"],
    packages: ["*"],
    packagesDenied: cdk,
    node: ["*"],
    computed: true,
  },
  { name: "client", matches: /^lib\/client\//, layers: ["models"], packages: [schema], node: [] },
  {
    name: "console",
    matches: /^lib\/console\//,
    layers: [],
    layersTypeOnly: ["engine", "models", "flows"],
    packages: [],
    node: [],
  },
  {
    name: "package",
    matches: /^lib\/index\.ts$/,
    layers: ["partners", "engine", "models"],
    packages: [],
    node: [],
  },
  {
    name: "lambdas",
    matches: /^lambdas\//,
    layers: ["flows", "aws", "partners", "engine", "models", "config"],
    packages: ["@aws-lambda-powertools/*", "@middy/*", "aws-lambda", schema],
    node: ["*"],
  },
  {
    name: "config",
    matches: /^sluice\.config\.ts$/,
    layers: ["package", "partners", "engine", "models"],
    packages: [],
    node: [],
  },
  {
    name: "bin",
    matches: /^bin\//,
    layers: ["*"],
    packages: ["*"],
    packagesDenied: [sdk],
    node: ["*"],
    computed: true,
  },
];

/** What `*` stands for among layers: everything in lib, of which the sandboxes are for the local stack alone. */
export const layersForAny = layers
  .map((layer) => layer.name)
  .filter((name) => name !== "sandbox" && name !== "sandbox kit" && name !== "lambdas" && name !== "bin");
