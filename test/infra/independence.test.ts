import { describe, expect, test } from "vitest";
import { ofType, templateOf } from "./support/resources.ts";
import { synth, synthAssembly, type Template } from "./support/synth.ts";

const before = synth({ partners: ["acme", "globex"] });
const after = synth({ partners: ["acme", "globex", "initech"] });

describe("a partner comes and goes", () => {
  test("with a stack of its own, and no other stack but edge and operations changes", () => {
    expect([...after.keys()].filter((name) => !before.has(name))).toEqual(["Sluice-dev-Partner-initech"]);
    const changed = [...before].filter(
      ([name, template]) => JSON.stringify(template) !== JSON.stringify(after.get(name)),
    );
    expect(changed.map(([name]) => name).toSorted()).toEqual(["Sluice-dev-Edge", "Sluice-dev-Operations"]);
  });

  test.each(["Sluice-dev-Edge", "Sluice-dev-Operations"])(
    "%s keeps every resource that it had, under its id",
    (stack) => {
      const [old, young] = [templateOf(before, stack), templateOf(after, stack)];
      expect(Object.keys(old.Resources).filter((id) => !(id in young.Resources))).toEqual([]);
      // Only what lists partners may differ: the stage's throttles, the API's encryption contexts, the dashboard.
      const differing = Object.entries(old.Resources).filter(
        ([id, resource]) => JSON.stringify(resource) !== JSON.stringify(young.Resources[id]),
      );
      const types = new Set(differing.map(([, resource]) => resource.Type));
      const allowed = stack.endsWith("Edge")
        ? ["AWS::ApiGatewayV2::Stage", "AWS::IAM::Role"]
        : ["AWS::CloudWatch::Dashboard"];
      expect([...types].toSorted()).toEqual(allowed);
    },
  );

  test("in whichever order the configuration lists them", () => {
    const reversed = synth({ partners: ["globex", "acme"] });
    for (const partner of ["acme", "globex"]) {
      expect(reversed.get(`Sluice-dev-Partner-${partner}`)).toEqual(before.get(`Sluice-dev-Partner-${partner}`));
    }
  });

  test("down to none", () => {
    expect([...synth({ partners: [] }).keys()].toSorted()).toEqual([
      "Sluice-dev-Edge",
      "Sluice-dev-Operations",
      "Sluice-dev-State",
    ]);
  });
});

describe("stacks hold each other by nothing", () => {
  test("no export, no import, no output of another stack, no parameter to fill in", () => {
    for (const template of after.values()) {
      const text = JSON.stringify(template);
      expect(text).not.toMatch(/Fn::ImportValue|Fn::GetStackOutput/);
      expect(JSON.stringify(template["Outputs"] ?? {})).not.toContain('"Export"');
      expect(Object.keys(template["Parameters"] ?? {})).toEqual(["BootstrapVersion"]);
    }
  });

  test("all but state wait for state, and for nothing else: destroying a partner takes nothing along", () => {
    const waits = synthAssembly({ partners: ["acme", "globex"] }, (assembly) =>
      assembly.stacks.map((stack) => [
        stack.stackName,
        stack.dependencies.filter((each) => each.id !== `${stack.id}.assets`).map((each) => each.id),
      ]),
    );
    expect(Object.fromEntries(waits)).toEqual({
      "Sluice-dev-State": [],
      "Sluice-dev-Partner-acme": ["Sluice-dev-State"],
      "Sluice-dev-Partner-globex": ["Sluice-dev-State"],
      "Sluice-dev-Edge": ["Sluice-dev-State"],
      "Sluice-dev-Operations": ["Sluice-dev-State"],
    });
  });
});

describe("forty partners", () => {
  const forty = synth({ partners: Array.from({ length: 40 }, (_, index) => `partner-${index}`) });
  // CloudFormation's own limits are 500 resources and 1 MB of template; a dashboard takes 500 metrics a widget.
  const resourcesMax = 400;

  test("fit, with room to spare", () => {
    expect(forty.size).toBe(43);
    for (const template of forty.values()) {
      expect(Object.keys(template.Resources).length).toBeLessThan(resourcesMax);
      expect(JSON.stringify(template).length).toBeLessThan(512 * 1024);
    }
  });

  test("leave every role's policies within IAM's 10,240 characters", () => {
    const sizes = [...forty.values()].flatMap(rolePolicySizes);
    expect(sizes.length).toBeGreaterThan(200);
    expect(Math.max(...sizes)).toBeLessThan(10_240);
  });
});

/** IAM counts a role's inline policies without white space; the template's intrinsics are longer than what they stand for. */
function rolePolicySizes(template: Template): number[] {
  return ofType(template, "AWS::IAM::Role").map(([, role]) => JSON.stringify(role.Properties["Policies"] ?? []).length);
}
