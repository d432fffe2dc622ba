import { appendFileSync } from "node:fs";
import net from "node:net";

/*
 * Loaded before a process whose use of the network is to be seen: every connection fails as on a machine without one, and
 * is written down. Names are looked up on connecting, so this comes first.
 */
const log = process.env["SLUICE_TEST_NETWORK_LOG"] ?? "";

net.Socket.prototype.connect = function connect(this: net.Socket, ...options: unknown[]): net.Socket {
  appendFileSync(log, `${process.argv[1]}: ${JSON.stringify(options[0])}\n`);
  return this.destroy(Object.assign(new Error("no network here"), { code: "ENETUNREACH" }));
};
