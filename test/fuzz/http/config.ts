import { defineConfig } from "../../../lib/engine/config.ts";
import { partners } from "./partners.ts";

export default defineConfig({ partners, stages: { local: { kind: "dev" } } });
