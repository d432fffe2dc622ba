import { devNull } from "node:os";
import type { FunctionModel, LocalServices } from "../types.ts";

export interface EnvironmentInput {
  readonly model: FunctionModel;
  readonly region: string;
  readonly services: Pick<LocalServices, "endpoint" | "credentialsFor">;
  /** What the stack adds for every function, such as the table of sandbox hosts. */
  readonly extra: Readonly<Record<string, string>>;
  /** Folder of Node's compile cache, shared by all processes: a bundle with an SDK client starts in 45 ms instead of 58. */
  readonly compileCachePath: string;
}

/**
 * The whole environment of a function's process: Lambda's variables, the template's, and nothing of this machine's
 * but PATH, so that what works here does not lean on somebody's shell.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
 */
export function functionEnvironment(input: EnvironmentInput): Record<string, string> {
  const { model, region, services } = input;
  const credentials = services.credentialsFor(model.roleArn);
  return {
    PATH: process.env["PATH"] ?? "",
    LANG: "en_US.UTF-8",
    TZ: ":UTC",
    NODE_COMPILE_CACHE: input.compileCachePath,
    // The machine owner's AWS profile must never reach a function.
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: "true",
    ...model.environment,
    ...input.extra,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ENDPOINT_URL: services.endpoint,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
    AWS_LAMBDA_FUNCTION_NAME: model.name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(model.memoryMb),
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${model.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: "local/[$LATEST]",
    LAMBDA_TASK_ROOT: model.codePath,
    _HANDLER: model.handler,
  };
}
