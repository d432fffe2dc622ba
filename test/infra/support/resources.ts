import type { Resource, Template } from "./synth.ts";

/** Resources of a type by logical id. */
export function ofType(template: Template, type: string): readonly (readonly [string, Resource])[] {
  return Object.entries(template.Resources).filter(([, resource]) => resource.Type === type);
}

export function templateOf(templates: ReadonlyMap<string, Template>, stack: string): Template {
  const template = templates.get(stack);
  if (template === undefined) throw new Error(`no stack ${stack} among ${[...templates.keys()].join(", ")}`);
  return template;
}
