import { type ApiClient, createApiClient } from "../api-client.ts";
import { textOption, type Values } from "../command.ts";
import { UsageError } from "../usage-error.ts";

/** What every command that asks the API takes. */
export const apiOptions = {
  url: { type: "string" },
  key: { type: "string" },
  json: { type: "boolean" },
} as const;

/** The part of such a command's help that all share. */
export const apiHelp = `  --url <address>   of the stage's API; or SLUICE_URL (default http://127.0.0.1:8787, where npm start is)
  --key <key>       the API's key; or SLUICE_KEY. npm start prints it; deployed, it is the secret sluice-<stage>/api
  --json            for programs: one JSON document`;

/** The API that the options or the environment name. */
export function apiOf(values: Values, environment: NodeJS.ProcessEnv = process.env): ApiClient {
  const url = textOption(values, "url", environment["SLUICE_URL"] ?? "http://127.0.0.1:8787").replace(/\/+$/, "");
  const key = textOption(values, "key", environment["SLUICE_KEY"] ?? "");
  if (!/^https?:\/\/[^/]+/.test(url)) throw new UsageError(`--url ${url}: an address such as https://api.example.com`);
  if (key === "") throw new UsageError("No key: give --key, or set SLUICE_KEY. npm start prints it.");
  return createApiClient(url, key);
}
