import { InvokeCommand, LambdaClient, ResourceNotFoundException } from "@aws-sdk/client-lambda";
import { EmergencyReport, type WorkInEmergency } from "../engine/emergency.ts";
import { emergencyFunctionNameFor } from "../engine/names.ts";
import type { Environment } from "./environment.ts";

export function createWorkInEmergency(environment: Environment): WorkInEmergency {
  let client: LambdaClient | undefined;
  return async (partner, order) => {
    client ??= clientFor(environment);
    try {
      const FunctionName = emergencyFunctionNameFor(environment.stage, partner);
      const answer = await client.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(order) }));
      const text = Buffer.from(answer.Payload ?? []).toString("utf8");
      if (answer.FunctionError !== undefined) throw new Error(`the emergency function of ${partner} failed: ${text}`);
      return EmergencyReport.parse(JSON.parse(text));
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return null;
      throw error;
    }
  };
}

/** Longer than the function may take, and never twice: a second call would work the lane beside the first. */
function clientFor({ region, endpoints: { LAMBDA: endpoint } }: Environment): LambdaClient {
  const requestHandler = { connectionTimeout: 1_000, requestTimeout: 27_000 };
  return new LambdaClient({ region, maxAttempts: 1, requestHandler, ...(endpoint !== null && { endpoint }) });
}
