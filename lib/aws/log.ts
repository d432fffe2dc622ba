import { Logger } from "@aws-lambda-powertools/logger";
import type { Log } from "../engine/ports.ts";
import { redactFields, redactText } from "../engine/redact.ts";

/** A log whose lines say which invocation they belong to. */
export interface InvocationLog extends Log {
  /** From now on every line carries these. */
  begin(invocation: Readonly<Record<string, string>>): void;
}

/** Powertools' logger behind the redactor: nothing reaches it that was not made safe. */
export function createLog(): InvocationLog {
  const powertools = new Logger();
  return {
    begin: (invocation) => powertools.appendKeys({ ...invocation }),
    info: (message, fields = {}) => powertools.info(redactText(message), redactFields(fields)),
    warn: (message, fields = {}) => powertools.warn(redactText(message), redactFields(fields)),
    error: (message, fields = {}) => powertools.error(redactText(message), redactFields(fields)),
  };
}
