import type { Context } from "aws-lambda";
import * as bundled from "#partner";
import { partnerOf } from "../lib/aws/environment.ts";
import { wrapHandler } from "../lib/aws/handler.ts";
import { createIngestPorts } from "../lib/aws/ingest-ports.ts";
import { createTransport } from "../lib/aws/transport.ts";
import { partnersIn, registryOf } from "../lib/engine/registry.ts";
import { answerGateway } from "../lib/flows/ingest/answer-gateway.ts";
import { createPublishedVerifier } from "../lib/flows/ingest/published-keys.ts";

const ingest = createIngestPorts(process.env, registryOf(partnersIn(bundled)));
const transport = createTransport(ingest.environment.sandboxHosts);
const ports = { ...ingest, verifyPublished: createPublishedVerifier({ ...ingest, transport }) };
const partner = partnerOf(ports.environment);

/** The same as webhook-ingest, for a partner that signs under keys it publishes: this one can call out to fetch them. */
export const handler = wrapHandler(ports, (event: unknown, _context: Context) => answerGateway(ports, partner, event));
