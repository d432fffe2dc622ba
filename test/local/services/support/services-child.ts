import { startServices } from "../../../../lib/local/services/index.ts";
import { loadStackModel } from "../../../../lib/local/template/index.ts";
import * as z from "zod";

// Runs the services in a process that can be killed; its parent asks over IPC for what only the process itself can tell.

const question = z.object({ id: z.number(), tableName: z.string(), after: z.string().nullable() });
const [cdkOutDir = "", dataDir = ""] = process.argv.slice(2);
const services = await startServices({ model: loadStackModel(cdkOutDir), dataDir });

process.on("message", (message) => {
  const { id, tableName, after } = question.parse(message);
  void services.readStream(tableName, after, 1_000).then((records) => process.send?.({ id, records }));
});
process.on("disconnect", () => process.exit(0));
process.send?.({ endpoint: services.endpoint, operator: services.operator });
