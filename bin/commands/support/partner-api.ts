import type { ApiClient } from "../api-client.ts";
import { textOption, type Values } from "../command.ts";
import { PartnerStanding } from "./partner-shapes.ts";

/** Who asks, for whoever meets the partner held: --by, or the name that this shell goes by. */
export function byOf(values: Values, environment: NodeJS.ProcessEnv = process.env): { readonly by?: string } {
  const by = textOption(values, "by", environment["USER"] ?? "").slice(0, 80);
  return by === "" ? {} : { by };
}

export async function readStanding(api: ApiClient, partner: string): Promise<PartnerStanding> {
  return api.get(`${pathOf(partner)}/drain`, PartnerStanding);
}

/** Pauses, drains or resumes a partner; answers with how it stands then. */
export async function changePartner(
  api: ApiClient,
  partner: string,
  act: "pause" | "drain" | "resume",
  body: Readonly<Record<string, unknown>>,
): Promise<PartnerStanding> {
  return api.send("POST", `${pathOf(partner)}/${act}`, body, PartnerStanding);
}

function pathOf(partner: string): string {
  return `/partners/${encodeURIComponent(partner)}`;
}
