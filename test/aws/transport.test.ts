import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTransport } from "../../lib/aws/transport.ts";
import type { OutboundRequest } from "../../lib/engine/ports.ts";

type Answerer = (request: IncomingMessage, response: ServerResponse) => void;

let answer: Answerer = (_request, response) => void response.end();
const seen: { method: string; url: string; headers: IncomingMessage["headers"]; body: string }[] = [];
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const { method = "", url = "", headers } = request;
    seen.push({ method, url, headers, body: Buffer.concat(chunks).toString("utf8") });
    answer(request, response);
  });
});
let base = "";
let transport = createTransport(new Map());

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  // A server that listens on a port has an address with one.
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // Port 1 answers nobody.
  transport = createTransport(
    new Map([
      ["partner.example", base],
      ["closed.example", "http://127.0.0.1:1"],
    ]),
  );
});
beforeEach(() => void seen.splice(0));
afterAll(async () => {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

function request(changes: Partial<OutboundRequest> = {}): OutboundRequest {
  return {
    method: "GET",
    url: "https://partner.example/v1/things?a=1",
    headers: {},
    body: null,
    timeoutMs: 2_000,
    bytesMax: 1_000,
    ...changes,
  };
}

describe("the transport", () => {
  it("sends what it is given and answers with what came, whatever the status", async () => {
    for (const status of [200, 404, 500]) {
      answer = (_request, response) => void response.writeHead(status, { "X-Thing": "yes" }).end("böh");
      const sent = request({
        method: "POST",
        headers: { authorization: "Bearer x", "content-type": "text/plain" },
        body: "höb",
      });
      const got = await transport.send(sent);
      expect(got).toMatchObject({ kind: "answered", status, headers: { "x-thing": "yes" } });
      expect(got.kind === "answered" && Buffer.from(got.body).toString("utf8")).toBe("böh");
    }
    expect(seen[0]).toMatchObject({
      method: "POST",
      url: "/v1/things?a=1",
      body: "höb",
      headers: { authorization: "Bearer x" },
    });
  });

  it("follows no redirect: the caller sees it, and nobody else sees the credential", async () => {
    answer = (_request, response) =>
      void response.writeHead(302, { location: "https://partner.example/elsewhere" }).end();
    expect(await transport.send(request())).toMatchObject({ kind: "answered", status: 302 });
    expect(seen).toHaveLength(1);
  });

  it("loses an answer that does not begin, or does not end, in time", async () => {
    answer = () => {};
    const lost = { kind: "lost", reason: "timeout", detail: "no answer in time" };
    expect(await transport.send(request({ timeoutMs: 50 }))).toEqual(lost);
    answer = (_request, response) => void response.write("half of it");
    expect(await transport.send(request({ timeoutMs: 50 }))).toEqual(lost);
  });

  it("takes an answer of exactly the bytes allowed, and cuts off one byte more while it is still coming", async () => {
    answer = (_request, response) => void response.end("x".repeat(1_000));
    expect(await transport.send(request())).toMatchObject({ kind: "answered" });
    answer = (_request, response) => void response.end("x".repeat(1_001));
    expect(await transport.send(request())).toMatchObject({ kind: "lost", reason: "too-large" });
    let written = 0;
    let closed: () => void = () => {};
    const cutOff = new Promise<void>((resolve) => {
      closed = resolve;
    });
    answer = (_request, response) => {
      response.on("close", () => closed());
      const pour = (): void => {
        while (!response.destroyed && written < 50_000_000 && response.write("y".repeat(10_000))) written += 10_000;
      };
      response.on("drain", pour);
      pour();
    };
    expect(await transport.send(request())).toEqual({
      kind: "lost",
      reason: "too-large",
      detail: "more than 1000 bytes",
    });
    await cutOff;
    expect(written).toBeLessThan(50_000_000);
  });

  it("counts bytes after they are unpacked: a small answer that swells is cut off, too", async () => {
    const { gzipSync } = await import("node:zlib");
    answer = (_request, response) =>
      void response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("z".repeat(1_000_000)));
    expect(await transport.send(request())).toMatchObject({ kind: "lost", reason: "too-large" });
  });

  it.each(["gzip", "deflate", "br"] as const)("unpacks %s", async (encoding) => {
    const { brotliCompressSync, deflateSync, gzipSync } = await import("node:zlib");
    const pack = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync }[encoding];
    answer = (_request, response) => void response.writeHead(200, { "content-encoding": encoding }).end(pack("höb"));
    const got = await transport.send(request());
    expect(got.kind === "answered" && Buffer.from(got.body).toString("utf8")).toBe("höb");
    answer = (_request, response) => void response.writeHead(204, { "content-encoding": encoding }).end();
    expect(await transport.send(request())).toMatchObject({ kind: "answered", status: 204 });
    answer = (_request, response) =>
      void response.writeHead(200, { "content-encoding": encoding }).end("no such thing");
    expect(await transport.send(request())).toMatchObject({ kind: "lost", reason: "network" });
  });

  it("says how long a body is, whatever the method, and joins a header that came twice", async () => {
    answer = (_request, response) => void response.writeHead(200, ["X-Limit", "1", "X-Limit", "2"]).end();
    for (const method of ["DELETE", "POST"] as const) {
      expect(await transport.send(request({ method, body: "höb" }))).toMatchObject({ headers: { "x-limit": "1, 2" } });
      expect(seen.at(-1)).toMatchObject({ method, body: "höb", headers: { "content-length": "4" } });
    }
    await transport.send(request({ method: "POST" }));
    expect(seen.at(-1)).toMatchObject({ body: "", headers: { "content-length": "0" } });
  });

  it("loses a call whose connection is refused or breaks, telling its code and no address", async () => {
    answer = (_request, response) => void response.destroy();
    expect(await transport.send(request())).toMatchObject({ kind: "lost", reason: "network" });
    const refused = await transport.send(request({ url: "https://closed.example/secret-path" }));
    expect(refused).toMatchObject({ kind: "lost", reason: "network" });
    expect(JSON.stringify(refused)).not.toContain("secret-path");
  });

  it("goes to a host's sandbox where there is one, and nowhere else", async () => {
    answer = (_request, response) => void response.end();
    const sandboxed = createTransport(new Map([["api.example.com", `${base}/sandbox/`]]));
    await sandboxed.send(request({ url: "https://api.example.com/v1/things?b=%2F" }));
    expect(seen.map((one) => one.url)).toEqual(["/sandbox/v1/things?b=%2F"]);
    // Not even plain http to this machine: the table is the only way there.
    for (const url of [`${base}/v1/things`, "https://other.example:1/", "https://api.example.com:444/"])
      expect(await sandboxed.send(request({ url }))).toMatchObject({ kind: "lost", reason: "network" });
    expect(seen).toHaveLength(1);
  });
});
