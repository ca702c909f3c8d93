/** A server that answers as it is told to, request by request. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

export interface Stub {
  url: string;
  /** The requests so far: method and path. */
  seen: string[];
  bodies: string[];
  keys: (string | undefined)[];
  /** What `Idempotency-Key` said. */
  names: (string | undefined)[];
  close: () => Promise<void>;
}

/** Starts a server that takes the handlers in order and repeats the last one. */
export async function stub(...handlers: Handler[]): Promise<Stub> {
  const seen: string[] = [];
  const bodies: string[] = [];
  const keys: (string | undefined)[] = [];
  const names: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece: Buffer) => (body += piece.toString()));
    request.on("end", () => {
      const handler = handlers[Math.min(seen.length, handlers.length - 1)];
      seen.push(`${request.method} ${request.url}`);
      bodies.push(body);
      keys.push(request.headers["x-api-key"]?.toString());
      names.push(request.headers["idempotency-key"]?.toString());
      handler?.(request, response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, bodies, keys, names, close };
}

/** Answers with as many bytes as are asked for, in pieces. */
export const bytesAsAsked: Handler = (request, response) => {
  const n = Number(new URL(request.url ?? "", "http://x").searchParams.get("n"));
  response.writeHead(200, { "Content-Type": "application/octet-stream", "Content-Length": n });
  for (let at = 0; at < n; at += 65_536) response.write(Buffer.alloc(Math.min(65_536, n - at), 7));
  response.end();
};

/** Answers with a text. */
export function text(body: string, type = "application/json"): Handler {
  return (_, response) => response.writeHead(200, { "Content-Type": type }).end(body);
}

/** Answers with a problem document. */
export function problem(status: number, headers: Record<string, string> = {}, kind = "some-problem"): Handler {
  return (_, response) => {
    response.writeHead(status, { "Content-Type": "application/problem+json", "X-Request-Id": "abc", ...headers });
    response.end(JSON.stringify({ type: `/errors/${kind}`, title: "Title", status, detail: "a sentence" }));
  };
}

/** Says that a hundred bytes follow, sends ten and breaks the connection. */
export const cutOff: Handler = (_, response) => {
  response.writeHead(200, { "Content-Type": "application/octet-stream", "Content-Length": 100 });
  response.write(Buffer.alloc(10));
  setTimeout(() => response.destroy(), 20);
};

/** Never answers. */
export const silent: Handler = () => {};
