import type { Values } from "../command.ts";
import { apiOf } from "./api-access.ts";
import { connectionText } from "./connection-text.ts";
import { connectionIdOf, wordsOf } from "./find-connection.ts";
import { print } from "./print.ts";
import { ConnectionWhole } from "./shapes.ts";

/** Pauses or resumes the connection that the one word names, and shows it. */
export async function setStatus(
  values: Values,
  positionals: readonly string[],
  act: "pause" | "resume",
): Promise<number> {
  const [said = ""] = wordsOf(positionals, `${act} <connection>`, 1);
  const api = apiOf(values);
  const id = await connectionIdOf(api, said);
  const connection = await api.send("POST", `/connections/${id}/${act}`, {}, ConnectionWhole);
  print(values, connection, () => connectionText(connection, Date.now()));
  return 0;
}
