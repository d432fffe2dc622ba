import { expect, test } from "vitest";
import { renewingDriver, replayable, subscribingDriver } from "./support/drivers.ts";
import { account, region } from "./support/render.ts";
import { may, rolesOf } from "./support/roles.ts";
import { synth } from "./support/synth.ts";

/** What a partner's abilities add to its roles: acme has none of them, each of the others has one or two. */
const others = [subscribingDriver("globex"), replayable(renewingDriver("initech"))];
const roles = rolesOf(synth({ partners: ["acme", ...others] }));
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

test("worked deliveries are marked by those alone whose signatures hold no time", () => {
  const table = `arn:aws:dynamodb:${region}:${account}:table/sluice-dev-idempotency`;
  const markers = (partner: string) =>
    workersOf(partner)
      .filter(({ role }) =>
        ["GetItem", "PutItem"].some((action) =>
          may(role, `dynamodb:${action}`, table, { "dynamodb:LeadingKeys": `${partner}#1` }),
        ),
      )
      .map(({ name }) => name);
  expect(["acme", "globex", "initech"].map(markers)).toEqual([[], [], ["ConsumeWebhooks", "Emergency"]]);
});

test("credentials are sealed anew where they are tried, and by all who call where tokens run out", () => {
  const key = `arn:aws:kms:${region}:${account}:key/1-2-3`;
  const table = `arn:aws:dynamodb:${region}:${account}:table/sluice-dev-connections`;
  const sealing = (partner: string) =>
    workersOf(partner).filter(({ role }) => {
      const context = { "kms:EncryptionContext:partner": partner, "kms:ResourceAliases": "alias/sluice-dev" };
      return may(role, "kms:GenerateDataKey", key, context);
    });
  const names = (partner: string) => sealing(partner).map(({ name }) => name);
  expect([names("acme"), names("initech")]).toEqual([
    ["ConsumeWebhooks", "Emergency"],
    ["ConsumeWebhooks", "ConsumeImports", "Emergency", "PartnerControl"],
  ]);
  for (const partner of ["acme", "initech"]) {
    for (const { role } of sealing(partner))
      expect(may(role, "dynamodb:PutItem", table, { "dynamodb:LeadingKeys": `${partner}#1` })).toBe(true);
  }
});
