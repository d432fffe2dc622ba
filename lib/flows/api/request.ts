import type { ApiKeys } from "../../engine/api-key.ts";
import type { AuditReader } from "../../engine/audit-reader.ts";
import type { CredentialSeals } from "../../engine/credential-seals.ts";
import type { WorkInEmergency } from "../../engine/emergency.ts";
import type { Eraser } from "../../engine/erasure.ts";
import type { GateGauge, LaneGauge, Ports } from "../../engine/ports.ts";
import type { Access, VerifyApiKey } from "./access.ts";
import type { Once } from "./once.ts";

/** One call of the API as a plain value; whatever carried it here (API Gateway, a test) is gone. */
export interface ApiRequest {
  readonly method: string;
  /** As API Gateway's HTTP APIs hand it on: percent-decoded once, and not decoded again here. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Ours or the gateway's; it is answered and logged, so that an answer finds its log lines. */
  readonly requestId: string;
  /** Where this API is reached, by the gateway's own word: `https://api.example.com`. */
  readonly origin?: string;
}

/** The same, once it is known who calls. */
export interface AuthorisedRequest extends ApiRequest {
  readonly access: Access;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the API needs beside the ports that all flows share. */
export interface ApiPorts extends Ports {
  readonly gate: Ports["gate"] & GateGauge;
  readonly lanes: Ports["lanes"] & LaneGauge;
  readonly eraser: Eraser;
  readonly audit: Ports["audit"] & AuditReader;
  readonly keys: ApiKeys;
  readonly seals: CredentialSeals;
  readonly verifyApiKey: VerifyApiKey;
  readonly once: Once;
  readonly workInEmergency: WorkInEmergency;
}
