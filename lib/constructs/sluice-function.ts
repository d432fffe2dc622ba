import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { claimCheckBucketNameFor, functionNameFor } from "../engine/names.ts";
import { acknowledgeWildcards } from "./acknowledge.ts";
import { keyIdOf } from "./arns.ts";
import { allow, statementOf, type Grant } from "./grants.ts";
import { logRetentionOf, type Stage } from "./stage.ts";

export interface SluiceFunctionProps {
  readonly stage: Stage;
  /** The function's own name, as in `consume-webhooks`. */
  readonly name: string;
  /** The file in lambdas/, as in `job-consume`. */
  readonly lambda: string;
  /** The one driver that it runs; absent, it is bundled with the whole configuration. */
  readonly driverFile?: string | undefined;
  /** Absent for functions that serve the whole stage. */
  readonly partner?: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly grants: readonly Grant[];
  /** Beside what every function gets. */
  readonly environment?: Readonly<Record<string, string>>;
  /** For functions that send to their own queue; Lambda stops others after 16 hops. */
  readonly allowRecursion?: boolean;
}

/** One Lambda function with a role, a log group and a name of its own; what it may do is in `grants` and nowhere else. */
export class SluiceFunction extends Construct {
  readonly function: lambda.Function;

  constructor(scope: Construct, id: string, props: SluiceFunctionProps) {
    super(scope, id);
    const { stage } = props;
    const functionName = functionNameFor(stage.name, props.name, props.partner);
    const logGroup = new logs.LogGroup(this, "Logs", {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: logRetentionOf(stage),
      // Kept groups would refuse the partner that comes back: their name would be taken.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.function = new lambda.Function(this, "Function", {
      functionName,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      code: lambda.Code.fromAsset(stage.bundles.folderOf(props.lambda, props.driverFile)),
      handler: "index.handler",
      role: roleOf(this, logGroup, props.grants),
      timeout: Duration.seconds(props.timeoutSeconds),
      memorySize: props.memoryMb,
      logGroup,
      loggingFormat: lambda.LoggingFormat.JSON,
      // Lambda's START, END and REPORT lines would be most of what is logged, and paid for.
      systemLogLevelV2: lambda.SystemLogLevel.WARN,
      environment: environmentOf(this, props),
      ...(props.allowRecursion === true && { recursiveLoop: lambda.RecursiveLoop.ALLOW }),
    });
  }
}

function roleOf(scope: Construct, logGroup: logs.LogGroup, grants: readonly Grant[]): iam.Role {
  const writeLogs = allow("logs", ["CreateLogStream", "PutLogEvents"], [logGroup.logGroupArn]);
  const statements = [writeLogs, ...grants].map(statementOf);
  const role = new iam.Role(scope, "Role", {
    assumedBy: new iam.ServicePrincipal("lambda.amazonaws.com"),
    inlinePolicies: { grants: new iam.PolicyDocument({ statements }) },
  });
  acknowledgeWildcards(role, grants);
  return role;
}

function environmentOf(scope: Construct, props: SluiceFunctionProps): Record<string, string> {
  const stage = props.stage;
  const { account, region, urlSuffix } = Stack.of(scope);
  return {
    SLUICE_STAGE: stage.name,
    ...(props.partner !== undefined && { SLUICE_PARTNER: props.partner }),
    SLUICE_QUEUE_BASE_URL: `https://sqs.${region}.${urlSuffix}/${account}/`,
    SLUICE_CLAIM_BUCKET: claimCheckBucketNameFor(stage.name, account, region),
    SLUICE_KEY_ID: keyIdOf(scope, stage),
    ...(stage.settings.retention !== undefined && { SLUICE_RETENTION: JSON.stringify(stage.settings.retention) }),
    POWERTOOLS_SERVICE_NAME: props.name,
    POWERTOOLS_METRICS_NAMESPACE: "Sluice",
    POWERTOOLS_LOG_LEVEL: "INFO",
    NODE_OPTIONS: "--enable-source-maps",
    ...props.environment,
  };
}
