import { describe, expect, test } from "vitest";
import { givenName } from "./support/render.ts";
import { ofType } from "./support/resources.ts";
import { rolesOf } from "./support/roles.ts";
import type { Role } from "./support/roles.ts";
import { synth, type Template } from "./support/synth.ts";

const namesOf = (templates: ReadonlyMap<string, Template>) =>
  [...templates.values()].flatMap((template) =>
    Object.keys(template.Resources).flatMap((id) => givenName(template, id) ?? []),
  );

describe("stages", () => {
  test("live side by side: two copies have no name in common", () => {
    const dev = synth({ stage: "dev" });
    const prod = synth({ stage: "prod" });
    expect([...dev.keys()].filter((name) => prod.has(name))).toEqual([]);
    const names = new Set(namesOf(dev));
    expect(names.size).toBeGreaterThan(60);
    expect(namesOf(prod).filter((name) => names.has(name))).toEqual([]);
  });

  test("one whose name starts with another's is another: no grant of dev covers dev2", () => {
    const stages = { dev: { kind: "dev" }, dev2: { kind: "dev" } } as const;
    const grants = JSON.stringify(
      rolesOf(synth({ stage: "dev", stages })).flatMap((role) => role.statements.flatMap((each) => each.Resource)),
    );
    expect(grants).toContain("sluice-dev");
    expect(grants).not.toMatch(/sluice-dev(?![-/])/);
  });

  test("name their stacks", () => {
    expect([...synth({ partners: ["acme"], stage: "prod" }).keys()].toSorted()).toEqual([
      "Sluice-prod-Edge",
      "Sluice-prod-Operations",
      "Sluice-prod-Partner-acme",
      "Sluice-prod-State",
    ]);
  });

  test("default to the first, and local is always there", () => {
    expect([...synth({ stage: null }).keys()]).toContain("Sluice-dev-State");
    expect([...synth({ stage: "local" }).keys()]).toContain("Sluice-local-State");
  });

  test("a wrong one is refused by its key, with the choices", () => {
    expect(() => synth({ stage: "staging" })).toThrow(
      /^stage: "staging" is not one of .* choose one of: dev, prod, local\.$/,
    );
  });

  test("names that AWS would refuse halfway are refused at once", () => {
    const partner = "a-partner-of-thirty-one-letters";
    expect(() => synth({ partners: [partner], stages: { production: { kind: "prod" } }, stage: "production" })).toThrow(
      /stage "production" and partner "a-partner-of-thirty-one-letters" make a function's name longer than AWS's 64 characters; shorten by 2\.$/,
    );
    const names = namesOf(synth({ partners: [partner], stages: { staging1: { kind: "prod" } }, stage: "staging1" }));
    const functions = names.filter((name) => name.startsWith("AWS::Lambda::Function "));
    expect(Math.max(...functions.map((name) => name.length - "AWS::Lambda::Function ".length))).toBe(64);
  });

  test("so are buckets' names, which are longer in some regions than in others", () => {
    const named = (region: string) => () =>
      synth({ partners: [], stages: { astageofsixteena: { kind: "dev", region } }, stage: "astageofsixteena" });
    expect(named("ap-southeast-1")).toThrow(/makes a bucket's name longer than AWS's 63 characters; shorten by 1\.$/);
    expect(named("eu-west-1")).not.toThrow();
  });

  test("are deployed where they say", () => {
    const stages = { dev: { kind: "dev", account: "444455556666", region: "ap-southeast-2" } } as const;
    const text = JSON.stringify([...synth({ stages }).values()]);
    expect(text.includes(":sqs:ap-southeast-2:444455556666:sluice-dev-acme-webhooks")).toBe(true);
    expect(text.match(/"AWS::AccountId"/g)).toBeNull();
  });
});

describe("what a stage may bring along", () => {
  test("a permissions boundary is on every role", () => {
    const permissionsBoundaryArn = "arn:aws:iam::111122223333:policy/bounds";
    const roles = rolesOf(synth({ stages: { dev: { kind: "dev", permissionsBoundaryArn } } }));
    expect(roles.length).toBeGreaterThan(10);
    for (const role of roles) expect(role.properties["PermissionsBoundary"]).toBe(permissionsBoundaryArn);
    expect(rolesOf(synth()).filter((role) => "PermissionsBoundary" in role.properties)).toEqual([]);
  });

  test("a key of its own takes the place of ours: in grants, in functions, for the topic", () => {
    const kmsKeyArn = "arn:aws:kms:eu-west-1:111122223333:key/mine";
    const templates = synth({ stages: { dev: { kind: "dev", kmsKeyArn } } });
    const all = [...templates.values()];
    expect(
      all.flatMap((template) => [...ofType(template, "AWS::KMS::Key"), ...ofType(template, "AWS::KMS::Alias")]),
    ).toEqual([]);
    const onKeys = rolesOf(templates)
      .flatMap((role) => role.statements)
      .filter((each) => each.Action.some((action) => action.startsWith("kms:")));
    expect(onKeys.length).toBeGreaterThan(2);
    for (const statement of onKeys) {
      expect(statement.Resource).toEqual([kmsKeyArn]);
      expect(Object.keys(statement.Condition)).toEqual(["StringEquals"]);
      expect(Object.keys(statement.Condition["StringEquals"] ?? {})).toEqual(["kms:EncryptionContext:partner"]);
    }
    for (const [, each] of all.flatMap((template) => ofType(template, "AWS::Lambda::Function"))) {
      expect(each.Properties).toMatchObject({ Environment: { Variables: { SLUICE_KEY_ID: kmsKeyArn } } });
    }
    expect(
      all
        .flatMap((template) => ofType(template, "AWS::SNS::Topic"))
        .map(([, topic]) => topic.Properties["KmsMasterKeyId"]),
    ).toEqual([kmsKeyArn]);
  });

  test("former keys are opened and moved away from, and nothing is sealed under them", () => {
    const kmsKeyArn = "arn:aws:kms:eu-west-1:111122223333:key/mine";
    const former = "arn:aws:kms:eu-west-1:111122223333:key/former";
    const templates = synth({ stages: { dev: { kind: "dev", kmsKeyArn, formerKmsKeyArns: [former] } } });
    const actionsOn = (role: Role, key: string): string[] =>
      role.statements.filter((each) => each.Resource.includes(key)).flatMap((each) => each.Action);
    const roles = rolesOf(templates).filter((role) => actionsOn(role, kmsKeyArn).length > 0);
    expect(roles.length).toBeGreaterThan(5);
    for (const role of roles) {
      // Whoever opens goes on opening; the API, which opens nothing, may move away from it.
      const opens = actionsOn(role, kmsKeyArn).includes("kms:Decrypt");
      expect(new Set(actionsOn(role, former))).toEqual(new Set([opens ? "kms:Decrypt" : "kms:ReEncryptFrom"]));
      for (const { Condition } of role.statements.filter((each) => each.Resource.includes(former)))
        expect(Object.keys(Condition["StringEquals"] ?? {})).toEqual(["kms:EncryptionContext:partner"]);
    }
    expect(roles.filter((role) => actionsOn(role, former).includes("kms:ReEncryptFrom"))).toHaveLength(1);
  });

  test("alarms are mailed where it says, and to nobody otherwise", () => {
    const subscriptions = (templates: ReadonlyMap<string, Template>) =>
      [...templates.values()].flatMap((template) => ofType(template, "AWS::SNS::Subscription"));
    expect(subscriptions(synth())).toEqual([]);
    const [subscription] = subscriptions(synth({ stages: { dev: { kind: "dev", alarmEmail: "ops@example.com" } } }));
    expect(subscription?.[1].Properties).toMatchObject({ Protocol: "email", Endpoint: "ops@example.com" });
  });
});
