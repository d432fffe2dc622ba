import type { Onlooker } from "../../onlooker.ts";
import type { LocalServices, StackModel } from "../../types.ts";
import { KnownSecrets } from "./known-secrets.ts";
import { SecretLearner } from "./learn-secrets.ts";
import { SeenFolder } from "./seen-folder.ts";

/** Keeps what a world says, and learns what it must not say. */
export interface SecretWatch {
  readonly onlooker: Onlooker;
  readonly seen: SeenFolder;
  readonly known: KnownSecrets;
  readonly learner: SecretLearner;
}

/** These carry secrets by right: to ask and to answer for them is what they are for. */
const keepers: ReadonlySet<string> = new Set(["secretsmanager", "kms"]);
/** A new key of the API is shown in the answer to whoever makes it, this once. */
const shownOnce = { method: "POST", path: "/api/v1/keys" };

export function createSecretWatch(folder: string): SecretWatch {
  const seen = new SeenFolder(folder);
  const known = new KnownSecrets();
  const learner = new SecretLearner(known);
  const onlooker: Onlooker = {
    asked(call) {
      learner.asked(call);
      if (!keepers.has(call.service)) seen.add(`${call.service} ${call.operation}`, call.request.body);
    },
    answered: (call, response) => learner.answered(call, response),
    told({ method, path }, { headers, body }) {
      if (method === shownOnce.method && path === shownOnce.path) return;
      const [first = "", , third = ""] = path.split("/").slice(1);
      // Of a webhook's path not even here: for partners that sign nothing it is the secret.
      const place = first === "api" ? `answer api ${third}` : "answer webhooks";
      seen.add(place, JSON.stringify(headers));
      seen.add(place, body);
    },
    line({ source, text }) {
      seen.add(`log ${source}`, text);
    },
  };
  return { onlooker, seen, known, learner };
}

/** What the functions themselves run with: their roles' credentials, and the operator's. */
export function addStackCredentials(known: KnownSecrets, model: StackModel, services: LocalServices): void {
  known.add("function's AWS credential", "the operator", services.operator.secretAccessKey);
  for (const { name, roleArn } of model.functions) {
    const { secretAccessKey, sessionToken } = services.credentialsFor(roleArn);
    known.addFields("function's AWS credential", name, { secretAccessKey, sessionToken });
  }
}
