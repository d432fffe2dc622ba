import { describe, expect, it } from "vitest";
import { EnvironmentError, partnerOf, readEnvironment, serviceNames } from "../../lib/aws/environment.ts";
import { createIngestPorts } from "../../lib/aws/ingest-ports.ts";
import { createPorts } from "../../lib/aws/ports.ts";
import { registryOf } from "../../lib/engine/registry.ts";

const whole = {
  SLUICE_STAGE: "dev",
  SLUICE_PARTNER: "stripe",
  SLUICE_QUEUE_BASE_URL: "https://sqs.eu-central-1.amazonaws.com/123456789012/",
  SLUICE_CLAIM_BUCKET: "sluice-dev-claim-checks-123456789012-eu-central-1",
  SLUICE_KEY_ID: "arn:aws:kms:eu-central-1:123456789012:alias/sluice-dev",
  AWS_REGION: "eu-central-1",
  AWS_ACCESS_KEY_ID: "id",
  AWS_SECRET_ACCESS_KEY: "secret",
};

function faultsOf(source: Readonly<Record<string, string | undefined>>): EnvironmentError {
  try {
    readEnvironment(source);
  } catch (error) {
    if (error instanceof EnvironmentError) return error;
    throw error;
  }
  throw new Error("the environment was taken");
}

describe("a function's environment", () => {
  it("is read whole, with every service at its public address", () => {
    const environment = readEnvironment(whole);
    expect(environment).toMatchObject({ stage: "dev", partner: "stripe", region: "eu-central-1" });
    expect(Object.entries(environment.endpoints)).toEqual(serviceNames.map((name) => [name, null]));
    expect(partnerOf(environment)).toBe("stripe");
  });

  it("refuses to start without each variable, and names it", () => {
    for (const key of ["SLUICE_STAGE", "SLUICE_QUEUE_BASE_URL", "SLUICE_CLAIM_BUCKET", "SLUICE_KEY_ID", "AWS_REGION"]) {
      const error = faultsOf({ ...whole, [key]: undefined });
      expect(error.keys).toEqual([key]);
      expect(error.message).toContain(`${key}: is missing`);
    }
    expect(faultsOf({}).keys).toHaveLength(5);
  });

  it("refuses to start with a malformed variable, and names it without its value", () => {
    const malformed = {
      SLUICE_STAGE: "Dev!",
      SLUICE_PARTNER: "Stripe Inc",
      SLUICE_QUEUE_BASE_URL: "https://sqs.eu-central-1.amazonaws.com/no-slash",
      SLUICE_CLAIM_BUCKET: "UPPER CASE",
      SLUICE_KEY_ID: "not-an-arn",
      AWS_REGION: "nowhere",
      AWS_ENDPOINT_URL: "ftp://x",
      AWS_ENDPOINT_URL_SQS: "no-url",
      SLUICE_SANDBOX_HOSTS: "no-json",
    };
    for (const [key, value] of Object.entries(malformed)) {
      const error = faultsOf({
        ...whole,
        ...(key === "SLUICE_SANDBOX_HOSTS" && { AWS_ENDPOINT_URL: "http://127.0.0.1:1" }),
        [key]: value,
      });
      expect(error.keys).toEqual([key]);
      expect(error.message).not.toContain(value);
    }
  });

  it("names the partner that is missing where a function needs one", () => {
    const environment = readEnvironment({ ...whole, SLUICE_PARTNER: undefined });
    expect(environment.partner).toBeNull();
    expect(() => partnerOf(environment)).toThrow("SLUICE_PARTNER: is missing");
  });

  it("takes a service's own endpoint before the one for all", () => {
    const source = { ...whole, AWS_ENDPOINT_URL: "http://127.0.0.1:1", AWS_ENDPOINT_URL_SQS: "http://127.0.0.1:2" };
    expect(readEnvironment(source).endpoints).toMatchObject({
      SQS: "http://127.0.0.1:2",
      DYNAMODB: "http://127.0.0.1:1",
    });
  });

  it("is read before any port is made", () => {
    expect(() => createPorts({ ...whole, SLUICE_STAGE: undefined }, registryOf([]))).toThrow("SLUICE_STAGE");
    expect(() => createIngestPorts({ ...whole, SLUICE_STAGE: undefined }, registryOf([]))).toThrow("SLUICE_STAGE");
    expect(() => createIngestPorts({ ...whole, AWS_ACCESS_KEY_ID: undefined }, registryOf([]))).toThrow(
      "AWS_ACCESS_KEY_ID",
    );
  });
});

describe("the table of sandboxes", () => {
  const hosts = JSON.stringify({ "api.stripe.com": "http://127.0.0.1:4000" });

  it("is taken where AWS itself is on loopback", () => {
    for (const endpoint of ["http://127.0.0.1:4566", "http://localhost:4566", "http://[::1]:4566"]) {
      const { sandboxHosts } = readEnvironment({ ...whole, AWS_ENDPOINT_URL: endpoint, SLUICE_SANDBOX_HOSTS: hosts });
      expect(sandboxHosts.get("api.stripe.com")).toBe("http://127.0.0.1:4000");
    }
  });

  it("is refused by a deployed function, whatever its endpoint looks like", () => {
    for (const endpoint of [
      undefined,
      "https://sqs.eu-central-1.amazonaws.com",
      "http://127.0.0.1.example.com",
      "http://localhost.example.com",
      "http://10.0.0.1",
    ]) {
      const error = faultsOf({ ...whole, AWS_ENDPOINT_URL: endpoint, SLUICE_SANDBOX_HOSTS: hosts });
      expect(error.keys).toEqual(["SLUICE_SANDBOX_HOSTS"]);
    }
  });

  it("is refused when a sandbox is not on loopback", () => {
    for (const url of ["http://192.0.2.1:4000", "http://example.com", "https://127.0.0.1:4000"]) {
      const table = JSON.stringify({ "api.stripe.com": url });
      const error = faultsOf({ ...whole, AWS_ENDPOINT_URL: "http://127.0.0.1:4566", SLUICE_SANDBOX_HOSTS: table });
      expect(error.keys).toEqual(["SLUICE_SANDBOX_HOSTS"]);
    }
  });
});
