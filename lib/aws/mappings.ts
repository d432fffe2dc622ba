import {
  GetEventSourceMappingCommand,
  ResourceConflictException,
  ResourceInUseException,
  UpdateEventSourceMappingCommand,
} from "@aws-sdk/client-lambda";
import type { LambdaClient } from "@aws-sdk/client-lambda";
import * as z from "zod";
import { lanes } from "../engine/job.ts";
import type { Lane } from "../engine/job.ts";
import type { Mappings, MappingState } from "../engine/ports.ts";
import { EnvironmentError } from "./environment.ts";
import type { EnvironmentSource } from "./environment.ts";

/** The ids of the lanes' mappings, as the function is deployed with them: it may touch no others. */
const MappingIds = z.record(z.enum(["webhooks", "imports"]), z.uuid());
export type MappingIds = z.infer<typeof MappingIds>;

const variable = "SLUICE_MAPPINGS";

/** Throws `EnvironmentError`. */
export function mappingIdsIn(source: EnvironmentSource): MappingIds {
  const given = source[variable];
  if (given === undefined) throw new EnvironmentError([{ key: variable, fault: "is missing" }]);
  const parsed = MappingIds.safeParse(parsedJson(given));
  if (!parsed.success)
    throw new EnvironmentError([{ key: variable, fault: `must be JSON of a mapping's id for ${lanes.join(", ")}` }]);
  return parsed.data;
}

/** One partner's mappings. An update takes its time: https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html */
export function createMappings(ids: MappingIds, client: () => LambdaClient): Mappings {
  return {
    async list() {
      return Promise.all(
        lanes.map(async (lane) => {
          const answer = await client().send(new GetEventSourceMappingCommand({ UUID: ids[lane] }));
          return { lane, state: stateOf(answer.State) };
        }),
      );
    },

    async set(lane: Lane, enabled: boolean) {
      try {
        await client().send(new UpdateEventSourceMappingCommand({ UUID: ids[lane], Enabled: enabled }));
      } catch (error) {
        // It is changing already: the next look sees what came of that.
        if (error instanceof ResourceInUseException || error instanceof ResourceConflictException) return;
        throw error;
      }
    },
  };
}

/** `Creating`, `Enabling`, `Disabling`, `Updating`, `Deleting` are all on their way to something. */
function stateOf(state: string | undefined): MappingState {
  if (state === "Enabled") return "enabled";
  return state === "Disabled" ? "disabled" : "changing";
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
