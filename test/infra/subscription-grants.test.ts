import { expect, test } from "vitest";
import { subscribingDriver } from "./support/drivers.ts";
import { account, region } from "./support/render.ts";
import { may, rolesOf } from "./support/roles.ts";
import { synth } from "./support/synth.ts";

const roles = rolesOf(synth({ partners: ["acme", subscribingDriver("globex")] }));
const workers = /ConsumeWebhooks|ConsumeImports|Emergency|PartnerControl/;

function workersOf(partner: string) {
  return roles
    .filter((role) => role.stack.endsWith(`-Partner-${partner}`))
    .flatMap((role) => {
      const name = workers.exec(role.id)?.[0];
      return name === undefined ? [] : [{ name, role }];
    });
}

test("whoever registers webhooks reads the key that their secret is sealed under, and nobody else who works a lane", () => {
  const readers = (partner: string) =>
    workersOf(partner)
      .filter(({ role }) => {
        const secret = `arn:aws:secretsmanager:${region}:${account}:secret:sluice-dev/partners/${partner}-Ab3dEf`;
        return may(role, "secretsmanager:GetSecretValue", secret);
      })
      .map(({ name }) => name);
  expect(workersOf("acme")).toHaveLength(4);
  expect([readers("acme"), readers("globex")]).toEqual([[], ["ConsumeWebhooks", "Emergency"]]);
});

test("partner-control notes what it has looked at, of its own partner", () => {
  const control = workersOf("acme").find(({ name }) => name === "PartnerControl");
  const table = `arn:aws:dynamodb:${region}:${account}:table/sluice-dev-connections`;
  const notes = (key: string) =>
    control !== undefined && may(control.role, "dynamodb:PutItem", table, { "dynamodb:LeadingKeys": key });
  expect([notes("acme#1"), notes("globex#1")]).toEqual([true, false]);
});
