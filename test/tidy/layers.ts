import { existsSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, posix } from "node:path";
import * as z from "zod";
import { type Import, importsOf } from "./imports.ts";
import { type Layer, layers, layersForAny } from "./layer-table.ts";
import { readSources, type Source, type Violation } from "./source.ts";

const packageSchema = z.object({
  name: z.string().default(""),
  imports: z.record(z.string(), z.string()).default({}),
  exports: z.record(z.string(), z.unknown()).default({}),
});
type Package = z.infer<typeof packageSchema>;

/** Holds every file of bin, lib, lambdas and the configuration to the arrows of `layer-table.ts`. */
export function checkLayers(root: string): Violation[] {
  const manifest = readManifest(root);
  return readSources(root, ["bin", "lib", "lambdas", "sluice.config.ts"]).flatMap((source) => {
    const layer = layerOf(source.path);
    if (layer === null) return [violation(source, 1, "is in no layer: move it, or name its layer in layer-table.ts")];
    return importsOf(source).flatMap((found) => {
      const complaint = complaintAbout(source, layer, found, manifest, root);
      return complaint === null ? [] : [violation(source, found.line, complaint)];
    });
  });
}

function complaintAbout(source: Source, layer: Layer, found: Import, manifest: Package, root: string): string | null {
  if (found.specifier === null)
    return layer.computed === true ? null : `${layer.name} may not load a module by a computed name`;
  const target = resolve(source.path, found.specifier, manifest);
  if (target.kind === "node")
    return permits(layer.node, target.name) ? null : `${layer.name} may not import node:${target.name}`;
  if (target.kind === "package") {
    const allowed = permits(layer.packages, target.name) && !permits(layer.packagesDenied ?? [], target.name);
    return allowed ? null : `${layer.name} may not import the package ${target.name}`;
  }
  if (!existsSync(join(root, target.path))) return `imports ${target.path}, which does not exist`;
  return complaintAboutFile(source.path, layer, target.path, found.typeOnly);
}

function complaintAboutFile(from: string, layer: Layer, to: string, typeOnly: boolean): string | null {
  const target = layerOf(to);
  if (target === null) return `${layer.name} may not import ${to}, which is in no layer`;
  const ownPartner = partnerOf(from);
  if (ownPartner !== null && to.startsWith("lib/partners/") && partnerOf(to) !== ownPartner)
    return `partner ${ownPartner} may not import what is outside its folder (${to})`;
  if (target.name === layer.name) return null;
  const allowed = layer.layers.flatMap((name) => (name === "*" ? layersForAny : [name]));
  if (allowed.includes(target.name)) return null;
  if (layer.layersTypeOnly?.includes(target.name) === true)
    return typeOnly ? null : `${layer.name} may import only types of ${target.name} (${to})`;
  return `${layer.name} may not import ${target.name} (${to})`;
}

type Target =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "node"; readonly name: string }
  | { readonly kind: "package"; readonly name: string };

function resolve(from: string, specifier: string, manifest: Package): Target {
  if (/^\.{1,2}(\/|$)/.test(specifier)) return { kind: "file", path: posix.join(dirname(from), specifier) };
  if (/^(\/|[a-z]+:(?<!node:))/.test(specifier)) return { kind: "file", path: specifier };
  if (specifier.startsWith("#"))
    return { kind: "file", path: posix.normalize(manifest.imports[specifier] ?? specifier) };
  if (specifier === manifest.name || specifier.startsWith(`${manifest.name}/`))
    return { kind: "file", path: ownExport(specifier, manifest) };
  const bare = specifier.replace(/^node:/, "");
  const [first = bare, second = ""] = bare.split("/");
  if (specifier !== bare || builtinModules.includes(bare)) return { kind: "node", name: first };
  return { kind: "package", name: bare.startsWith("@") ? `${first}/${second}` : first };
}

/** The source file behind `sluice` or `sluice/…`, which the manifest names by its built twin. */
function ownExport(specifier: string, manifest: Package): string {
  const target = JSON.stringify(manifest.exports[`.${specifier.slice(manifest.name.length)}`] ?? specifier);
  return /dist\/([^"]+)\.js"/.exec(target)?.[1]?.concat(".ts") ?? specifier;
}

function permits(allowed: readonly string[], name: string): boolean {
  return allowed.some(
    (entry) => entry === "*" || entry === name || (entry.endsWith("/*") && name.startsWith(entry.slice(0, -1))),
  );
}

function layerOf(path: string): Layer | null {
  return layers.find((layer) => layer.matches.test(path)) ?? null;
}

function partnerOf(path: string): string | null {
  return /^lib\/partners\/([^/]+)\//.exec(path)?.[1] ?? null;
}

function readManifest(root: string): Package {
  const path = join(root, "package.json");
  const parsed: unknown = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  return packageSchema.parse(parsed);
}

function violation(source: Source, line: number, message: string): Violation {
  return { file: source.path, line, rule: "layers", message };
}
