import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { askingDriver, publishingDriver, silentDriver, wordyDriver } from "./support/drivers.ts";
import { render, renderText } from "./support/render.ts";
import { ofType, templateOf } from "./support/resources.ts";
import { synth, synthAssembly, Template } from "./support/synth.ts";

const partners = ["acme", "globex"];
const template = templateOf(synth({ partners }), "Sluice-dev-Edge");

const routesOf = (edge: Template) =>
  ofType(edge, "AWS::ApiGatewayV2::Route").map(([, route]) => z.string().parse(route.Properties["RouteKey"]));
const stageOf = (edge: Template) => {
  const [stage] = ofType(edge, "AWS::ApiGatewayV2::Stage");
  if (stage === undefined) throw new Error("no stage");
  return stage[1];
};

/** The function behind each route, by way of its integration. */
function targetsOf(edge: Template): Record<string, string> {
  const targets = ofType(edge, "AWS::ApiGatewayV2::Route").map(([, { Properties }]) => {
    const [kind, id] = renderText(edge, Properties["Target"]).split("/");
    expect(kind).toBe("integrations");
    const integration = edge.Resources[id ?? ""]?.Properties;
    expect(integration).toMatchObject({ IntegrationType: "AWS_PROXY", PayloadFormatVersion: "2.0" });
    const arn = renderText(edge, integration?.["IntegrationUri"]);
    return [z.string().parse(Properties["RouteKey"]), arn.split(":").at(-1) ?? ""] as const;
  });
  return Object.fromEntries(targets);
}

describe("routes", () => {
  test("lead each partner to its own function, and the API to its own", () => {
    expect(targetsOf(template)).toEqual({
      "GET /api/v1/health": "sluice-dev-console-api",
      "ANY /api/v1/{proxy+}": "sluice-dev-console-api",
      "POST /webhooks/acme": "sluice-dev-acme-webhook-ingest",
      "POST /webhooks/acme/{connectionId}": "sluice-dev-acme-webhook-ingest",
      "POST /webhooks/globex": "sluice-dev-globex-webhook-ingest",
      "POST /webhooks/globex/{connectionId}": "sluice-dev-globex-webhook-ingest",
    });
  });

  test("of webhooks have each a throttle of their own, which the stage is given once they exist", () => {
    const stage = stageOf(template);
    const settings = z
      .record(z.string(), z.object({ ThrottlingRateLimit: z.number(), ThrottlingBurstLimit: z.number() }))
      .parse(stage.Properties["RouteSettings"]);
    expect(Object.keys(settings).toSorted()).toEqual(
      routesOf(template)
        .filter((key) => key.includes("/webhooks/"))
        .toSorted(),
    );
    for (const throttle of Object.values(settings)) {
      expect(throttle.ThrottlingRateLimit).toBeGreaterThan(0);
      expect(throttle.ThrottlingBurstLimit).toBeGreaterThanOrEqual(throttle.ThrottlingRateLimit);
    }
    const waitsFor = [stage.DependsOn]
      .flat()
      .map((id) => String(template.Resources[String(id)]?.Properties["RouteKey"]));
    expect(waitsFor.toSorted()).toEqual(Object.keys(settings).toSorted());
  });

  test("of everything else share the API's throttle", () => {
    expect(stageOf(template).Properties["DefaultRouteSettings"]).toEqual({
      ThrottlingRateLimit: 50,
      ThrottlingBurstLimit: 100,
    });
  });

  test("let the API call each function once permitted, for its own paths", () => {
    const permissions = ofType(template, "AWS::Lambda::Permission").map(([, { Properties }]) => {
      expect(Properties).toMatchObject({ Action: "lambda:InvokeFunction", Principal: "apigateway.amazonaws.com" });
      const [api] = ofType(template, "AWS::ApiGatewayV2::Api");
      expect(Properties["SourceArn"]).toMatchObject({ "Fn::Join": ["", expect.arrayContaining([{ Ref: api?.[0] }])] });
      return [
        renderText(template, Properties["FunctionName"]).split(":").at(-1),
        renderText(template, Properties["SourceArn"]).replace(/^.*?\//, ""),
      ];
    });
    expect(Object.fromEntries(permissions)).toEqual({
      "sluice-dev-console-api": "*/*/api/v1/*",
      "sluice-dev-acme-webhook-ingest": "*/POST/webhooks/acme*",
      "sluice-dev-globex-webhook-ingest": "*/POST/webhooks/globex*",
    });
    expect(permissions).toHaveLength(3);
  });

  test("leave out a partner that sends no webhooks", () => {
    const silent = templateOf(synth({ partners: ["acme", silentDriver("globex")] }), "Sluice-dev-Edge");
    expect(routesOf(silent).filter((key) => key.includes("globex"))).toEqual([]);
    expect(routesOf(silent).filter((key) => key.includes("acme"))).toHaveLength(2);
  });
});

describe("a partner that fetches its token from us", () => {
  const edge = templateOf(
    synth({ partners: ["acme", askingDriver("globex"), wordyDriver("hooli")] }),
    "Sluice-dev-Edge",
  );

  test("and one that signs nothing has a route that ends in its word, beside a connection's id", () => {
    expect(routesOf(edge).filter((key) => key.includes("{word}"))).toEqual([
      "POST /webhooks/hooli/{connectionId}/{word}",
    ]);
  });

  test("has a route for it at its own function, and nobody else has", () => {
    const targets = Object.entries(targetsOf(edge)).filter(([key]) => key.includes("token"));
    expect(targets).toEqual([["POST /webhooks/globex/token", "sluice-dev-globex-webhook-ingest"]]);
  });

  test("asks seldom: its route lets through less than that of its webhooks", () => {
    const Settings = z.record(
      z.string(),
      z.object({ ThrottlingRateLimit: z.number(), ThrottlingBurstLimit: z.number() }),
    );
    const settings = Settings.parse(stageOf(edge).Properties["RouteSettings"]);
    const [token, webhooks] = [settings["POST /webhooks/globex/token"], settings["POST /webhooks/globex"]];
    expect(token?.ThrottlingRateLimit).toBeLessThanOrEqual((webhooks?.ThrottlingRateLimit ?? 0) / 10);
    expect(token?.ThrottlingBurstLimit).toBeLessThanOrEqual((webhooks?.ThrottlingBurstLimit ?? 0) / 10);
  });
});

test("only a partner whose keys have to be fetched has a function that can call out for them", () => {
  const partners = ["acme", publishingDriver("globex"), askingDriver("hooli")];
  const Code = z.object({ S3Key: z.string().transform((key) => key.replace(/\.zip$/, "")) });
  const bundled = synthAssembly({ partners }, (assembly) => {
    const edge = Template.parse(assembly.getStackByName("Sluice-dev-Edge").template);
    return ofType(edge, "AWS::Lambda::Function").map(([, { Properties }]) => {
      const index = join(assembly.directory, `asset.${Code.parse(Properties["Code"]).S3Key}`, "index.mjs");
      return [String(Properties["FunctionName"]), /"([^"]+)"/.exec(readFileSync(index, "utf8"))?.[1]];
    });
  });
  expect(Object.fromEntries(bundled)).toEqual({
    "sluice-dev-console-api": "console-api",
    "sluice-dev-acme-webhook-ingest": "webhook-ingest",
    "sluice-dev-globex-webhook-ingest": "webhook-ingest-with-keys",
    "sluice-dev-hooli-webhook-ingest": "webhook-ingest",
  });
});

describe("access log", () => {
  test("says the route and never the path, which can be a secret, nor an address or a header", () => {
    const settings = z.object({ Format: z.string() }).parse(stageOf(template).Properties["AccessLogSettings"]);
    const fields = z.record(z.string(), z.string()).parse(JSON.parse(settings.Format));
    expect(Object.values(fields)).toContain("$context.routeKey");
    expect(Object.values(fields)).toContain("$context.status");
    for (const field of Object.values(fields))
      expect(field).not.toMatch(/path|identity|header|authorizer|querystring/i);
  });
});

describe("functions", () => {
  const byName = new Map(
    ofType(template, "AWS::Lambda::Function").map(([, { Properties }]) => [
      String(Properties["FunctionName"]),
      Properties,
    ]),
  );

  test("answer before the API gives up after 30 s, webhooks within 10", () => {
    const timeouts = [...byName].map(([name, properties]) => [name, properties["Timeout"]]);
    expect(Object.fromEntries(timeouts)).toEqual({
      "sluice-dev-console-api": 29,
      "sluice-dev-acme-webhook-ingest": 10,
      "sluice-dev-globex-webhook-ingest": 10,
    });
  });

  test("share one asset for one lambda file, in this stack and in others", () => {
    const templates = synth({ partners });
    const assets = (name: RegExp) =>
      new Set(
        [...templates.values()]
          .flatMap((each) => ofType(each, "AWS::Lambda::Function"))
          .filter(([, { Properties }]) => name.test(String(Properties["FunctionName"])))
          .map(([, { Properties }]) => JSON.stringify(Properties["Code"])),
      );
    expect(assets(/webhook-ingest$/).size).toBe(1);
    expect(assets(/consume-(webhooks|imports)$/).size).toBe(1);
    expect(assets(/./).size).toBe(8);
  });

  test("are told their partner where they serve one", () => {
    const told = [...byName].map(([name, properties]) => [
      name,
      z
        .object({ Variables: z.looseObject({ SLUICE_PARTNER: z.string().optional() }) })
        .parse(render(template, properties["Environment"])).Variables.SLUICE_PARTNER,
    ]);
    expect(Object.fromEntries(told)).toEqual({
      "sluice-dev-console-api": undefined,
      "sluice-dev-acme-webhook-ingest": "acme",
      "sluice-dev-globex-webhook-ingest": "globex",
    });
  });
});

describe("custom domain", () => {
  const customDomain = {
    domainName: "hooks.example.com",
    certificateArn: "arn:aws:acm:eu-west-1:111122223333:certificate/1",
  };
  const edge = templateOf(synth({ partners, stages: { dev: { kind: "dev", customDomain } } }), "Sluice-dev-Edge");

  test("leads to the API over TLS 1.2 when given", () => {
    const [domain] = ofType(edge, "AWS::ApiGatewayV2::DomainName");
    expect(domain?.[1].Properties).toEqual({
      DomainName: "hooks.example.com",
      DomainNameConfigurations: [
        { CertificateArn: customDomain.certificateArn, EndpointType: "REGIONAL", SecurityPolicy: "TLS_1_2" },
      ],
    });
    const [mapping] = ofType(edge, "AWS::ApiGatewayV2::ApiMapping");
    expect(mapping?.[1].Properties["DomainName"]).toEqual({ Ref: domain?.[0] });
    expect(edge["Outputs"]).toMatchObject({ ApiUrl: { Value: "https://hooks.example.com" } });
  });

  test("is not there when not given", () => {
    expect(ofType(template, "AWS::ApiGatewayV2::DomainName")).toEqual([]);
  });
});

test("an alarm rings when the API answers 5xx", () => {
  const [alarm, ...others] = ofType(template, "AWS::CloudWatch::Alarm");
  expect(others).toEqual([]);
  expect(alarm?.[1].Properties).toMatchObject({
    AlarmName: "sluice-dev-api-5xx",
    Namespace: "AWS/ApiGateway",
    MetricName: "5xx",
    Threshold: 0,
    TreatMissingData: "notBreaching",
  });
});

test("a user pool is known to the API's function alone, and to none where there is none", () => {
  const users = { issuer: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example", audience: "client-1" };
  const usersIn = (edge: Template) =>
    ofType(edge, "AWS::Lambda::Function").map(([, { Properties }]) => {
      const { Variables } = z.object({ Variables: z.record(z.string(), z.unknown()) }).parse(Properties["Environment"]);
      return [z.string().parse(Properties["FunctionName"]), Variables["SLUICE_USERS"]];
    });
  const stages = { dev: { kind: "dev", users } } as const;
  const edge = templateOf(synth({ partners: ["acme"], stages }), "Sluice-dev-Edge");
  expect(Object.fromEntries(usersIn(edge))).toEqual({
    "sluice-dev-console-api": JSON.stringify(users),
    "sluice-dev-acme-webhook-ingest": undefined,
  });
  expect(usersIn(template).filter(([, value]) => value !== undefined)).toEqual([]);
});
