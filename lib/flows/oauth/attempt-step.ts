import type { PartnerDriver } from "../../engine/define-partner.ts";
import type { CredentialAttempt } from "../../engine/oauth/credential-attempt.ts";
import type { Ports } from "../../engine/ports.ts";
import type { CallPorts } from "../call-partner.ts";
import type { ChangePorts } from "../connections/change-connection.ts";
import type { CreatePorts } from "../connections/create-connection.ts";
import type { Outcome, WorkContext } from "../outcome.ts";

export type TryPorts = CallPorts & CreatePorts & ChangePorts & Pick<Ports, "attempts">;

/** One step of an attempt: its next state, which is stored before the next step; or why there is none yet. */
export type Step =
  | {
      readonly kind: "moved";
      readonly status: CredentialAttempt["status"];
      /** What the step itself has stored before; left out, the attempt as it was read. */
      readonly from?: CredentialAttempt;
    }
  | Extract<Outcome, { kind: "wait" | "failed" }>;

export interface AttemptWork {
  readonly driver: PartnerDriver;
  readonly attempt: CredentialAttempt;
  readonly context: WorkContext;
}

export function failedStep(code: string, message: string): Step {
  return { kind: "moved", status: { kind: "failed", code, message } };
}
