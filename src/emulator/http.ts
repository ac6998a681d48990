import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { DeploymentError } from "../core/errors.js";
import type { Faults } from "./faults.js";
import { isFromProgram } from "../runtime/loopback.js";
import { GoogleError, permissionDenied } from "./google-error.js";
import { EmulatorRequest } from "./request.js";

export { EmulatorRequest } from "./request.js";

/** One method of an API: the first route whose method and whole path match gets the request. */
export interface Route {
  method: string;
  /** Anchored (`^…$`), over the undecoded path; its named groups become `params`, decoded. */
  pattern: RegExp;
  handle(request: EmulatorRequest): Promise<EmulatorResponse>;
  /** Any error in the form of the route's API. Default: that of `google.rpc.Status`. */
  toError?: (error: unknown) => GoogleError;
}

/** What a route answers: `json`, or a `body`, or neither. */
export interface EmulatorResponse {
  /** Default 200. */
  status?: number;
  headers?: Record<string, string>;
  json?: unknown;
  body?: Buffer | Readable;
}

/** A request that was answered, for the record. */
export interface Exchange {
  request: EmulatorRequest;
  status: number;
}

/** A server on loopback that knows a list of routes, and answers errors in Google's form. */
export interface HttpServer {
  port: number;
  close(): Promise<void>;
}

/** What a server serves, and whom it tells. */
interface Service {
  routes: readonly Route[];
  /** Requests that are to fail. */
  faults?: Faults;
  /** Called before each answer is sent. */
  onExchange?: (exchange: Exchange) => void;
  onLog: (line: string) => void;
}

/**
 * Starts the server on 127.0.0.1.
 *
 * @param options.port 0 for any free one.
 */
export async function startHttpServer(options: Service & { port: number }): Promise<HttpServer> {
  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing, options).catch((error: unknown) => {
      // the answer had begun, so all that is left is to break it off where the client can see it
      options.onLog(`${incoming.method} ${incoming.url}: ${error instanceof Error ? error.message : String(error)}`);
      outgoing.destroy();
    });
  });
  // an upload may take long; nothing outside this machine can hold a connection open
  server.requestTimeout = 0;
  server.keepAliveTimeout = 60_000;
  const port = await listen(server, options.port);
  return {
    port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) => reject(error.code === "EADDRINUSE" ? taken(port, error) : error);
    server.once("error", refuse);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", refuse);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function taken(port: number, cause: Error): DeploymentError {
  return new DeploymentError(
    "RESOURCE_CONFLICT",
    `Port ${port} of this machine is taken, perhaps by another emulator. Stop it, or choose another port.`,
    { cause, retryable: false },
  );
}

async function serve(incoming: IncomingMessage, outgoing: ServerResponse, options: Service): Promise<void> {
  const request = new EmulatorRequest(incoming, outgoing);
  let response: EmulatorResponse;
  try {
    refuseBrowsers(request);
    response = await answer(request, options);
  } catch (error) {
    const google = GoogleError.from(error);
    response = { status: google.httpStatus, json: google.toWire() };
    await request.readRefused();
  }
  options.onExchange?.({ request, status: response.status ?? 200 });
  await send(response, incoming, outgoing);
}

/** Whoever reaches the emulator runs code on this machine, and a page in a browser here reaches loopback. */
function refuseBrowsers({ headers }: EmulatorRequest): void {
  if (isFromProgram(headers)) return;
  throw permissionDenied(
    "The emulator answers programs of this machine only, not web pages: Host, Origin or Sec-Fetch-Site is not theirs.",
  );
}

async function answer(request: EmulatorRequest, { routes, faults, onLog }: Service): Promise<EmulatorResponse> {
  for (const route of routes) {
    if (route.method !== request.method) continue;
    const match = route.pattern.exec(request.path);
    if (!match) continue;
    const handle = async () => route.handle(request.withParams(match.groups ?? {}));
    try {
      return await (faults ? faults.around(request, handle) : handle());
    } catch (error) {
      if (!(error instanceof GoogleError)) onLog(`${request.method} ${request.path}: ${String(error)}`);
      throw route.toError ? route.toError(error) : error;
    }
  }
  throw new GoogleError(
    404,
    "NOT_FOUND",
    `Method not found: ${request.method} ${request.path}. The emulator serves the methods listed in docs/emulator.md.`,
  );
}

async function send(response: EmulatorResponse, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const headers: Record<string, string> = { ...response.headers };
  let body = response.body;
  if (response.json !== undefined) {
    body = Buffer.from(JSON.stringify(response.json));
    headers["content-type"] ??= "application/json; charset=UTF-8";
  }
  // a request refused half-way: its unread rest would otherwise be taken for the next request
  if (!incoming.complete) headers["connection"] = "close";
  if (body instanceof Readable) {
    try {
      outgoing.writeHead(response.status ?? 200, headers);
    } catch (error) {
      body.destroy();
      throw error;
    }
    // the headers at once, and as the bytes they are: `flushHeaders` would write them as UTF-8
    outgoing.write("", "latin1");
    await pipeline(body, outgoing);
    return;
  }
  const status = response.status ?? 200;
  if (status !== 204 && status !== 304) headers["content-length"] ??= String(body?.length ?? 0);
  outgoing.writeHead(status, headers);
  outgoing.end(body);
  incoming.resume();
}
