import { CfnOutput, Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { makeApiAlarm } from "../constructs/api-alarm.ts";
import { consoleGrants } from "../constructs/console-grants.ts";
import { CustomDomain } from "../constructs/custom-domain.ts";
import { HttpApi } from "../constructs/http-api.ts";
import { ingestGrants } from "../constructs/partner-grants.ts";
import { SluiceFunction } from "../constructs/sluice-function.ts";
import type { Stage } from "../constructs/stage.ts";
import { fileOf, type PartnerDriver } from "../engine/define-partner.ts";
import { fetchesKeys, issuesTokens, provesByPath, type Verification } from "../engine/signatures/verification.ts";
import { stackNameOf, stackPropsOf } from "./stack-props.ts";

/** A partner that floods is refused at its own routes, before it costs the others anything. */
const webhookThrottle = { requestsPerSecond: 200, burst: 400 };
/** A token serves for an hour; what asks for many guesses. */
const tokenThrottle = { requestsPerSecond: 5, burst: 10 };
const apiThrottle = { requestsPerSecond: 50, burst: 100 };

/** The open door: the HTTP API, a webhook function for each partner that sends webhooks, and the API's own function. */
export class EdgeStack extends Stack {
  constructor(scope: Construct, stage: Stage) {
    super(scope, stackNameOf(stage, "Edge"), stackPropsOf(stage, "Edge"));
    const api = new HttpApi(this, "Http", stage, apiThrottle);
    this.addConsole(stage, api);
    for (const driver of stage.partners) {
      if (driver.webhook !== undefined) this.addWebhooks(stage, api, driver, driver.webhook.verify);
    }
    makeApiAlarm(this, stage, api);
    const domain = stage.settings.customDomain;
    if (domain !== undefined) new CustomDomain(this, "Domain", api, domain);
    new CfnOutput(this, "ApiUrl", { value: domain === undefined ? api.url : `https://${domain.domainName}` });
  }

  private addConsole(stage: Stage, api: HttpApi): void {
    const console = new SluiceFunction(this, "Console", {
      stage,
      name: "console-api",
      lambda: "console-api",
      timeoutSeconds: 29,
      memoryMb: 512,
      grants: consoleGrants(this, stage),
      ...(stage.settings.users !== undefined && {
        environment: { SLUICE_USERS: JSON.stringify(stage.settings.users) },
      }),
    });
    api.addRoutes("Console", {
      target: console.function,
      keys: ["GET /api/v1/health", "ANY /api/v1/{proxy+}"],
      permitted: "*/api/v1/*",
    });
  }

  private addWebhooks(stage: Stage, api: HttpApi, driver: PartnerDriver, verification: Verification): void {
    const partner = driver.name;
    const ofConnection = `POST /webhooks/${partner}/{connectionId}`;
    const ingest = new SluiceFunction(this, `Webhooks-${partner}`, {
      stage,
      partner,
      name: "webhook-ingest",
      // A way out, and what it takes to load it, is for those partners whose keys have to be fetched.
      lambda: fetchesKeys(verification) ? "webhook-ingest-with-keys" : "webhook-ingest",
      // A partner waits for this function's start: it loads one driver, not forty.
      driverFile: fileOf(driver),
      timeoutSeconds: 10,
      memoryMb: 256,
      grants: ingestGrants(this, stage, partner),
    });
    api.addRoutes(`Webhooks-${partner}`, {
      target: ingest.function,
      keys: [
        `POST /webhooks/${partner}`,
        ofConnection,
        ...(provesByPath(verification) ? [`${ofConnection}/{word}`] : []),
      ],
      permitted: `POST/webhooks/${partner}*`,
      throttle: webhookThrottle,
      ...(issuesTokens(verification) && { throttled: { [`POST /webhooks/${partner}/token`]: tokenThrottle } }),
    });
  }
}
