import type { Context } from "aws-lambda";
import * as bundled from "#partner";
import { partnerOf } from "../lib/aws/environment.ts";
import { wrapHandler } from "../lib/aws/handler.ts";
import { createIngestPorts } from "../lib/aws/ingest-ports.ts";
import { partnersIn, registryOf } from "../lib/engine/registry.ts";
import { answerGateway } from "../lib/flows/ingest/answer-gateway.ts";

const ports = createIngestPorts(process.env, registryOf(partnersIn(bundled)));
const partner = partnerOf(ports.environment);

/** Where a partner's webhooks come in: verified, queued, answered. */
export const handler = wrapHandler(ports, (event: unknown, _context: Context) => answerGateway(ports, partner, event));
