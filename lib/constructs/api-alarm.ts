import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import { alarmPeriod, makeAlarm } from "./alarm.ts";
import type { HttpApi } from "./http-api.ts";
import type { Stage } from "./stage.ts";

/** A webhook that is answered 5xx was not taken: the partner sends it again, but not for ever. */
export function makeApiAlarm(scope: Construct, stage: Stage, api: HttpApi): void {
  makeAlarm(scope, "ApiErrors", {
    stage,
    name: "api-5xx",
    description: "The HTTP API answers 5xx. Its access log says which route; see that function's log.",
    metric: new cloudwatch.Metric({
      namespace: "AWS/ApiGateway",
      metricName: "5xx",
      dimensionsMap: { ApiId: api.api.ref },
      statistic: "Sum",
      period: alarmPeriod,
    }),
    above: 0,
  });
}
