export { startServices, type StartServicesOptions } from "./start-services.ts";
