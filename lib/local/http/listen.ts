import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Listens on loopback and gives the address as a URL. */
export function listen(server: Server, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const taken = error.code === "EADDRINUSE";
      reject(
        taken
          ? new Error(
              `Port ${port} on 127.0.0.1 is taken by another program: stop that program or choose another port.`,
            )
          : error,
      );
    });
    server.listen(port, "127.0.0.1", () => {
      // A server that listens on TCP has an address of this kind.
      const address = server.address() as AddressInfo;
      resolve(`http://127.0.0.1:${address.port}`);
    });
  });
}
