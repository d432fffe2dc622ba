import { Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { PartnerAlarms } from "../constructs/partner-alarms.ts";
import { PartnerFunctions } from "../constructs/partner-functions.ts";
import { PartnerQueues } from "../constructs/partner-queues.ts";
import { PartnerSchedule } from "../constructs/partner-schedule.ts";
import { makeSecret } from "../constructs/secret.ts";
import type { Stage } from "../constructs/stage.ts";
import type { PartnerDriver } from "../engine/define-partner.ts";
import { partnerSecretNameFor } from "../engine/names.ts";
import { stackNameOf, stackPropsOf } from "./stack-props.ts";

/** Everything that one partner has to itself: it fails alone, is deployed alone, and goes without a trace. */
export class PartnerStack extends Stack {
  constructor(scope: Construct, stage: Stage, driver: PartnerDriver) {
    super(scope, stackNameOf(stage, "Partner", driver.name), stackPropsOf(stage, "Partner", driver.name));
    const partner = driver.name;
    makeSecret(this, "Secret", {
      stage,
      name: partnerSecretNameFor(stage.name, partner),
      description: `Sluice ${stage.name}: ${driver.title}`,
      generatedField: "connectionKey",
      otherFields: { webhookSecrets: [], app: {} },
    });
    const queues = new PartnerQueues(this, "Queues", stage, partner);
    const functions = new PartnerFunctions(this, "Functions", stage, driver, queues);
    new PartnerSchedule(this, "Schedule", stage, partner, [
      { name: "import-fan-out", target: functions.fanOut },
      { name: "partner-control", target: functions.control },
    ]);
    new PartnerAlarms(this, "Alarms", { stage, partner, hasWebhooks: driver.webhook !== undefined, queues, functions });
  }
}
