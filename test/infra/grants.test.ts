import { describe, expect, test } from "vitest";
import { account, region } from "./support/render.ts";
import { ofType } from "./support/resources.ts";
import { may, rolesOf, statementsOf, type Role } from "./support/roles.ts";
import { synth } from "./support/synth.ts";

// One name starts with the other: a pattern that is a character too short would show.
const partners = ["acme", "acme-eu", "globex"];
const templates = synth({ partners });
const roles = rolesOf(templates);

/** Patterns in resources, each with why AWS leaves no exact name. */
const wildcardsAllowed: readonly { readonly pattern: RegExp; readonly because: string }[] = [
  { pattern: /:log-group:\/aws\/lambda\/sluice-dev-[a-z-]+:\*$/, because: "streams are named by Lambda" },
  {
    pattern: /:s3:::sluice-dev-claim-checks-\d+-[a-z0-9-]+\/(bodies|records)\/([a-z-]+|\*)\/\*$/,
    because: "objects are named by their hash",
  },
  { pattern: /:kms:[a-z0-9-]+:\d+:key\/\*$/, because: "ids are made up by KMS; a condition holds it to the alias" },
  {
    pattern: /:secret:sluice-dev\/(api|partners\/[a-z-]+)-\?{6}$/,
    because: "Secrets Manager ends ARNs in six characters",
  },
];
const wildcardsOfConsole = [
  /:sqs:.*:sluice-dev-\*-(webhooks|imports)$/,
  /:secret:sluice-dev\/partners\/\*-\?{6}$/,
  /:function:sluice-dev-\*-emergency-work$/,
];
/** ListStreams knows no resource, and the stream's ARN is the table's own attribute. */
const wildcardsOfPublisher = [/^\*$/];

describe("every grant is scoped", () => {
  test("there are roles to look at: six functions and a schedule a partner, an ingest each, the API's and the publisher's", () => {
    expect(roles).toHaveLength(partners.length * 8 + 2);
    for (const role of roles) expect(role.statements.length).toBeGreaterThan(0);
  });

  test("no action has a wildcard", () => {
    for (const role of roles) {
      for (const statement of role.statements)
        expect(statement.Action.filter((action) => /[*?]/.test(action))).toEqual([]);
    }
  });

  test("no role may delete, scan, or touch policies, but for the API's and the publisher's, which erase", () => {
    const forbidden =
      /(Scan|DeleteTable|UpdateTable|PutResourcePolicy|AddPermission|PartiQL\w*|DeleteObject|PurgeQueue)$/;
    const found = roles.flatMap((role) =>
      role.statements.flatMap((statement) =>
        statement.Action.filter((action) => forbidden.test(action)).map((action) => ({ role, action, statement })),
      ),
    );
    expect(found.every(({ role }) => isConsole(role) || isPublisher(role))).toBe(true);
    const allowed = found.flatMap(({ role, action, statement }) =>
      statement.Resource.map((arn) => `${isPublisher(role) ? "publisher " : ""}${action} ${arn}`),
    );
    const bucket = `arn:aws:s3:::sluice-dev-claim-checks-${account}-${region}`;
    const table = `arn:aws:dynamodb:${region}:${account}:table/sluice-dev`;
    expect(allowed.toSorted()).toEqual(
      [
        `s3:DeleteObject ${bucket}/bodies/*/*`,
        `s3:DeleteObject ${bucket}/records/*/*`,
        `publisher s3:DeleteObject ${bucket}/records/*/*`,
        `dynamodb:Scan ${table}-history`,
        `dynamodb:Scan ${table}-idempotency`,
      ].toSorted(),
    );
  });

  test("resources have wildcards only where AWS leaves no other way", () => {
    for (const role of roles) {
      const resources = role.statements.flatMap((statement) => statement.Resource);
      const own = isConsole(role) ? wildcardsOfConsole : isPublisher(role) ? wildcardsOfPublisher : [];
      const allowed = [...wildcardsAllowed.map((each) => each.pattern), ...own];
      const open = resources.filter((arn) => /[*?]/.test(arn) && !allowed.some((pattern) => pattern.test(arn)));
      expect(open).toEqual([]);
    }
  });

  test("the grant on any key is held to the stage's alias", () => {
    const onKeys = roles
      .flatMap((role) => role.statements)
      .filter((statement) => statement.Resource.some((arn) => arn.includes(":key/")));
    // Both consumers of a partner, what stands (once for each of them) in for them, what probes, and the API.
    expect(onKeys).toHaveLength(partners.length * 5 + 1);
    for (const statement of onKeys) {
      expect(statement.Condition["ForAnyValue:StringEquals"]).toEqual({ "kms:ResourceAliases": ["alias/sluice-dev"] });
      expect(statement.Condition["StringEquals"]).toHaveProperty(["kms:EncryptionContext:partner"]);
    }
  });

  test("policies on resources allow services of this account, and deny what is not TLS", () => {
    const types = ["AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy"];
    // Three queues a partner, the bucket, the topic, what could not be published.
    expect([...templates.values()].flatMap((template) => types.flatMap((type) => ofType(template, type)))).toHaveLength(
      partners.length * 3 + 3,
    );
    for (const [stack, template] of templates) {
      for (const [id, resource] of types.flatMap((type) => ofType(template, type))) {
        const statements = statementsOf(template, resource.Properties["PolicyDocument"]);
        const denied = statements.filter((each) => each.Effect === "Deny");
        expect(
          denied.map((each) => each.Condition),
          `${stack} ${id}`,
        ).toEqual([{ Bool: { "aws:SecureTransport": ["false"] } }]);
        for (const each of statements.filter((statement) => statement.Effect === "Allow")) {
          expect(each.Principal).toEqual({ Service: "cloudwatch.amazonaws.com" });
          expect(each.Condition).toEqual({ StringEquals: { "aws:SourceAccount": [account] } });
        }
      }
    }
  });

  test("roles are assumed by Lambda, or by Scheduler for one group of this account", () => {
    for (const role of roles) {
      const template = templates.get(role.stack);
      const [trust, ...others] =
        template === undefined ? [] : statementsOf(template, withResource(role.properties["AssumeRolePolicyDocument"]));
      expect(others).toEqual([]);
      expect(trust?.Action).toEqual(["sts:AssumeRole"]);
      if (!isSchedule(role)) {
        expect(trust).toMatchObject({ Principal: { Service: "lambda.amazonaws.com" }, Condition: {} });
        continue;
      }
      expect(trust?.Principal).toEqual({ Service: "scheduler.amazonaws.com" });
      const group = `arn:aws:scheduler:${region}:${account}:schedule-group/sluice-dev-${partnerOf(role)}`;
      expect(trust?.Condition).toEqual({ StringEquals: { "aws:SourceAccount": [account], "aws:SourceArn": [group] } });
    }
  });
});

describe("no partner reaches another", () => {
  const partnerRoles = roles.filter((role) => !isConsole(role) && !isPublisher(role));

  /** Everything that a partner has, as requests for it. */
  function requestsFor(partner: string): readonly (readonly [string, string, Record<string, string>?])[] {
    const place = `${region}:${account}`;
    const bucket = `arn:aws:s3:::sluice-dev-claim-checks-${account}-${region}`;
    const tables = ["connections", "records", "history", "runs", "token-buckets", "idempotency", "failures"];
    const leading = { "dynamodb:LeadingKeys": `${partner}#1` };
    const items = ["GetItem", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"].flatMap((action) =>
      tables.flatMap((table) =>
        [
          "",
          "/index/due",
          "/index/active",
          "/index/digests",
          "/index/group",
          "/index/connection",
          "/index/started",
        ].map(
          (index) =>
            [`dynamodb:${action}`, `arn:aws:dynamodb:${place}:table/sluice-dev-${table}${index}`, leading] as const,
        ),
      ),
    );
    const queues = ["webhooks", "imports", "dlq"].flatMap((queue) =>
      ["SendMessage", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes"].map(
        (action) => [`sqs:${action}`, `arn:aws:sqs:${place}:sluice-dev-${partner}-${queue}`] as const,
      ),
    );
    const objects = ["bodies", "records"].flatMap((kind) =>
      ["GetObject", "PutObject"].map((action) => [`s3:${action}`, `${bucket}/${kind}/${partner}/0a1b`] as const),
    );
    const sealed = { "kms:EncryptionContext:partner": partner, "kms:ResourceAliases": "alias/sluice-dev" };
    const keys = ["Decrypt", "GenerateDataKey"].map(
      (action) => [`kms:${action}`, `arn:aws:kms:${place}:key/1-2-3`, sealed] as const,
    );
    const functions = ["import-fan-out", "consume-imports", "emergency-work"].map(
      (name) => ["lambda:InvokeFunction", `arn:aws:lambda:${place}:function:sluice-dev-${partner}-${name}`] as const,
    );
    const secret = [
      "secretsmanager:GetSecretValue",
      `arn:aws:secretsmanager:${place}:secret:sluice-dev/partners/${partner}-Ab3dEf`,
    ] as const;
    return [...items, ...queues, ...objects, ...keys, ...functions, secret];
  }

  test.each(partners)("the roles of %s get their own and nothing of the others", (partner) => {
    const own = partnerRoles.filter((role) => partnerOf(role) === partner);
    expect(own).toHaveLength(8);
    const mine = requestsFor(partner);
    const foreign = partners.filter((other) => other !== partner).flatMap(requestsFor);
    // The same questions about one's own things are answered with yes, by somebody: the "no" below means something.
    const services = new Set(
      mine.filter((request) => own.some((role) => may(role, ...request))).map(([action]) => action.split(":")[0]),
    );
    expect(services).toEqual(new Set(["dynamodb", "kms", "lambda", "s3", "secretsmanager", "sqs"]));
    for (const role of own) {
      expect({ [role.id]: foreign.filter((request) => may(role, ...request)) }).toEqual({ [role.id]: [] });
    }
  });

  test("no partner's role lists tenants, audits, or has the API's key", () => {
    const place = `${region}:${account}`;
    for (const role of partnerRoles) {
      const partner = partnerOf(role);
      const context = { "dynamodb:LeadingKeys": `${partner}#1` };
      for (const index of ["tenant", "all"]) {
        expect(
          may(role, "dynamodb:Query", `arn:aws:dynamodb:${place}:table/sluice-dev-connections/index/${index}`, context),
        ).toBe(false);
      }
      expect(may(role, "dynamodb:PutItem", `arn:aws:dynamodb:${place}:table/sluice-dev-audit`, context)).toBe(false);
      expect(
        may(role, "secretsmanager:GetSecretValue", `arn:aws:secretsmanager:${place}:secret:sluice-dev/api-Ab3dEf`),
      ).toBe(false);
    }
  });

  test("every grant on a table is held to leading keys", () => {
    const onTables = partnerRoles.flatMap((role) =>
      role.statements.map((statement) => ({ partner: partnerOf(role), statement })),
    );
    const dynamo = onTables.filter(({ statement }) =>
      statement.Action.some((action) => action.startsWith("dynamodb:")),
    );
    expect(dynamo.length).toBeGreaterThan(partners.length * 10);
    for (const { partner, statement } of dynamo) {
      expect(statement.Condition).toEqual({ "ForAllValues:StringLike": { "dynamodb:LeadingKeys": [`${partner}#*`] } });
    }
  });
});

test("the fan-out asks how full its lane is, and takes nothing from it", () => {
  const role = partnersRoles("acme").find((each) => each.id.includes("ImportFanOut"));
  if (role === undefined) throw new Error("the fan-out's role");
  const lane = `arn:aws:sqs:${region}:${account}:sluice-dev-acme-imports`;
  const actions = ["SendMessage", "GetQueueAttributes", "ReceiveMessage", "DeleteMessage"];
  expect(actions.filter((action) => may(role, `sqs:${action}`, lane))).toEqual(["SendMessage", "GetQueueAttributes"]);
});

test("partner-control changes its own two mappings, and nobody else changes any", () => {
  const onMappings = roles.flatMap((role) =>
    role.statements
      .filter((each) => each.Action.some((action) => /EventSourceMapping/.test(action)))
      .map((each) => ({ role, each })),
  );
  expect(onMappings.map(({ role }) => [partnerOf(role), role.id.includes("PartnerControl")])).toEqual(
    partners.map((partner) => [partner, true]),
  );
  for (const { role, each } of onMappings) {
    expect(each.Action).toEqual(["lambda:GetEventSourceMapping", "lambda:UpdateEventSourceMapping"]);
    const template = templates.get(role.stack);
    const mappings = template === undefined ? [] : ofType(template, "AWS::Lambda::EventSourceMapping");
    const own = mappings.filter(([id]) => /Consume(Webhooks|Imports)/.test(id)).map(([id]) => id);
    expect(new Set(each.Resource.map((arn) => arn.split(":").at(-1)))).toEqual(new Set(own));
    expect(own).toHaveLength(2);
  }
});

describe("the role of what stands in for the consumers", () => {
  const actionsOf = (role: Role): Set<string> =>
    new Set(
      role.statements.flatMap((each) =>
        each.Action.filter((action) => !action.startsWith("logs:")).flatMap((action) =>
          each.Resource.map((resource) => `${action} ${resource}`),
        ),
      ),
    );

  test("is what both of them may, no more and no less", () => {
    const own = partnersRoles("acme");
    const [webhooks, imports, emergency] = ["ConsumeWebhooks", "ConsumeImports", "Emergency"].map((id) =>
      own.find((role) => role.id.includes(id)),
    );
    if (webhooks === undefined || imports === undefined || emergency === undefined) throw new Error("three roles");
    expect(actionsOf(emergency)).toEqual(new Set([...actionsOf(webhooks), ...actionsOf(imports)]));
  });

  test("fits into what IAM allows a role's policies", () => {
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    const sizes = roles.map((role) => ({ id: role.id, characters: JSON.stringify(role.statements).length }));
    expect(sizes.filter(({ characters }) => characters >= 10_240)).toEqual([]);
  });
});

function partnersRoles(partner: string): readonly Role[] {
  return roles.filter((role) => !isConsole(role) && !isPublisher(role) && partnerOf(role) === partner);
}

describe("the API's role", () => {
  const console = roles.filter(isConsole);
  const place = `${region}:${account}`;

  test("is one, seals credentials of known partners, and opens none", () => {
    expect(console).toHaveLength(1);
    const [role] = console;
    if (role === undefined) return;
    const key = `arn:aws:kms:${place}:key/1-2-3`;
    const sealed = (partner: string) => ({
      "kms:EncryptionContext:partner": partner,
      "kms:ResourceAliases": "alias/sluice-dev",
    });
    expect(may(role, "kms:GenerateDataKey", key, sealed("acme"))).toBe(true);
    expect(may(role, "kms:GenerateDataKey", key, sealed("stranger"))).toBe(false);
    expect(may(role, "kms:Decrypt", key, sealed("acme"))).toBe(false);
    // From key to key within KMS, of known partners alone.
    for (const action of ["ReEncryptFrom", "ReEncryptTo"]) {
      expect(may(role, `kms:${action}`, key, sealed("acme"))).toBe(true);
      expect(may(role, `kms:${action}`, key, sealed("stranger"))).toBe(false);
    }
  });

  test("counts what waits on a lane and can take nothing from it", () => {
    const [role] = console;
    if (role === undefined) return;
    const lane = `arn:aws:sqs:${place}:sluice-dev-acme-imports`;
    const actions = ["SendMessage", "GetQueueAttributes", "ReceiveMessage", "DeleteMessage"];
    expect(actions.filter((action) => may(role, `sqs:${action}`, lane))).toEqual(["SendMessage", "GetQueueAttributes"]);
  });

  test("runs a partner's emergency function and no other", () => {
    const [role] = console;
    if (role === undefined) return;
    const names = ["emergency-work", "consume-imports", "consume-webhooks", "import-fan-out", "failure-archive"];
    const invoked = names.filter((name) =>
      may(role, "lambda:InvokeFunction", `arn:aws:lambda:${place}:function:sluice-dev-acme-${name}`),
    );
    expect(invoked).toEqual(["emergency-work"]);
  });

  test("reads how limits stand, and can put to history what it lost, and erase", () => {
    const [role] = console;
    if (role === undefined) return;
    const actions = ["GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"];
    const allowed = (table: string) =>
      actions.filter((action) =>
        may(role, `dynamodb:${action}`, `arn:aws:dynamodb:${place}:table/sluice-dev-${table}`),
      );
    expect(allowed("history")).toEqual(["Query", "PutItem", "BatchWriteItem"]);
    expect(allowed("token-buckets")).toEqual(["GetItem", "DeleteItem"]);
  });

  test("appends to the audit log and reads it, and cannot change it", () => {
    const audit = `arn:aws:dynamodb:${place}:table/sluice-dev-audit`;
    const allowed = ["PutItem", "UpdateItem", "DeleteItem", "GetItem", "Query"].filter((action) =>
      roles.some((role) => may(role, `dynamodb:${action}`, audit)),
    );
    expect(allowed).toEqual(["PutItem", "Query"]);
  });
});

test("the publisher of changes writes history, takes away late records, and to list streams is all it may do anywhere", () => {
  const [publisher, ...others] = roles.filter(isPublisher);
  expect(others).toEqual([]);
  const statements = publisher?.statements ?? [];
  const writes = statements.filter((each) =>
    each.Action.some((action) => /^dynamodb:(Put|Update|Delete|Batch)/.test(action)),
  );
  expect(writes.map((each) => [each.Action, each.Resource])).toEqual([
    [["dynamodb:PutItem", "dynamodb:Query", "dynamodb:BatchWriteItem"], [tableOf("history")]],
    [["dynamodb:GetItem", "dynamodb:BatchWriteItem"], [tableOf("records")]],
  ]);
  const anywhere = statements.filter((each) => each.Resource.includes("*"));
  expect(anywhere.map((each) => each.Action)).toEqual([["dynamodb:ListStreams"]]);
  // What tells it that an object was erased, which S3 keeps from whoever may not list.
  const listed = statements.filter((each) => each.Action.includes("s3:ListBucket"));
  expect(listed.flatMap((each) => each.Resource)).toEqual([
    `arn:aws:s3:::sluice-dev-claim-checks-${account}-${region}`,
  ]);
});

function tableOf(name: string): string {
  return `arn:aws:dynamodb:${region}:${account}:table/sluice-dev-${name}`;
}

function isConsole(role: Role): boolean {
  return role.stack.endsWith("-Edge") && role.id.startsWith("Console");
}

function isPublisher(role: Role): boolean {
  return role.stack.endsWith("-State") && role.id.startsWith("ChangePublisher");
}

function isSchedule(role: Role): boolean {
  return !isConsole(role) && role.statements.some((statement) => statement.Action.includes("lambda:InvokeFunction"));
}

const rolesOwner =
  /sluice-dev-([a-z-]+)-(webhook-ingest|consume-|import-fan-out|failure-archive|emergency-work|partner-control)/;
/** Whose role it is, by its function's log group or what the schedule calls. */
function partnerOf(role: Role): string {
  const arns = role.statements.flatMap((statement) => statement.Resource).join(" ");
  const name = rolesOwner.exec(arns)?.[1];
  if (name === undefined) throw new Error(`whose role is ${role.id}? ${arns}`);
  return name;
}

/** A trust policy names no resource; the statements' schema wants one. */
function withResource(document: unknown): unknown {
  return JSON.parse(JSON.stringify(document).replaceAll('"Effect"', '"Resource":"role","Effect"'));
}
