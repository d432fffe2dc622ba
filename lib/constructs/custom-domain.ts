import { CfnOutput } from "aws-cdk-lib";
import * as apigateway from "aws-cdk-lib/aws-apigatewayv2";
import { Construct } from "constructs";
import type { StageConfig } from "../engine/config.ts";
import type { HttpApi } from "./http-api.ts";

/** The API under a name of the adopter's own; the DNS record that points to the output is theirs to make. */
export class CustomDomain extends Construct {
  constructor(scope: Construct, id: string, api: HttpApi, domain: NonNullable<StageConfig["customDomain"]>) {
    super(scope, id);
    const name = new apigateway.CfnDomainName(this, "Name", {
      domainName: domain.domainName,
      domainNameConfigurations: [
        { certificateArn: domain.certificateArn, endpointType: "REGIONAL", securityPolicy: "TLS_1_2" },
      ],
    });
    new apigateway.CfnApiMapping(this, "Mapping", { apiId: api.api.ref, domainName: name.ref, stage: api.stage.ref });
    new CfnOutput(this, "DomainTarget", {
      description: `Point a CNAME (or an alias) of ${domain.domainName} here.`,
      value: name.attrRegionalDomainName,
    });
  }
}
