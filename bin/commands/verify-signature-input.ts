import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { schemes } from "../../lib/engine/signatures/diagnosis/schemes.ts";
import type { SchemeEntry } from "../../lib/engine/signatures/diagnosis/schemes.ts";
import type { Subject } from "../../lib/engine/signatures/diagnosis/subject.ts";
import { flag, textOption } from "./command.ts";
import type { Values } from "./command.ts";
import { UsageError } from "./usage-error.ts";

/**
 * The request that the call describes.
 *
 * @throws UsageError that says what is off; a secret is never in it.
 */
export async function readSubject(
  values: Values,
  nowMs: number,
): Promise<{ readonly entry: SchemeEntry; readonly subject: Subject }> {
  const name = textOption(values, "scheme", "");
  const entry = schemes.get(name);
  if (entry === undefined)
    throw new UsageError(
      name === "" ? "Say which --scheme, or --vectors <file>." : `There is no scheme "${name}": --list shows them.`,
    );
  const secret = await readSecret(values, entry);
  const body = textOption(values, "body-file", "");
  const keyFile = textOption(values, "key-file", "");
  const isPublic = entry.keyed === "public-key";
  const subject: Subject = {
    headers: headersIn(values),
    rawBody: body === "" ? new Uint8Array() : readBytes(body, "--body-file"),
    url: textOption(values, "url", ""),
    method: textOption(values, "method", "POST"),
    secrets: isPublic ? [textOption(values, "webhook-id", "")] : [secret],
    nowMs: timeIn(values, nowMs),
    key: isPublic ? secret : keyFile === "" ? null : readBytes(keyFile, "--key-file").toString("utf8"),
    parameters: {
      header: textOption(values, "token-header", "").toLowerCase(),
      audience: textOption(values, "audience", ""),
    },
  };
  return { entry, subject };
}

async function readSecret(values: Values, entry: SchemeEntry): Promise<string> {
  const file = textOption(values, "secret-file", "");
  const isStdin = flag(values, "secret-stdin");
  if ((file === "") === !isStdin)
    throw new UsageError(`Give either --secret-file or --secret-stdin: ${entry.title} wants ${entry.secret}.`);
  const whole = isStdin ? await text(process.stdin) : readBytes(file, "--secret-file").toString("utf8");
  // Editors and `echo` end a file with a newline that is no part of any secret.
  const secret = whole.replace(/\r?\n$/, "");
  if (secret !== whole)
    process.stderr.write("A newline at the secret's end was left away: see that what is stored has none either.\n");
  if (secret === "") throw new UsageError("The secret is empty.");
  return secret;
}

function readBytes(file: string, option: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    throw new UsageError(`${option} ${file}: there is no such file that can be read.`);
  }
}

function headersIn(values: Values): Readonly<Record<string, string>> {
  const given = values["header"];
  const lines = Array.isArray(given) ? given.map(String) : [];
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    if (colon < 1) throw new UsageError("--header: write it as --header 'name: value'.");
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  return Object.fromEntries(headers);
}

function timeIn(values: Values, nowMs: number): number {
  const at = textOption(values, "at", "");
  if (at === "") return nowMs;
  const atMs = /^\d{1,12}$/.test(at) ? Number(at) * 1000 : Date.parse(at);
  if (Number.isFinite(atMs)) return atMs;
  throw new UsageError(`--at ${at}: give a time as 2026-11-20T12:00:00Z, or in seconds since 1970.`);
}
