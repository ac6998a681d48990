import { type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { pipeline } from "node:stream/promises";

import type { EmulatorRequest, EmulatorResponse, Route } from "../http.js";
import { unreachable } from "./remote-store.js";
import { StorageError } from "./storage-error.js";
import { baseUrl } from "./wire.js";

/** Headers of one connection, which are not passed on; nor are credentials, which are not meant for that server. */
const ownHeaders = new Set(["host", "connection", "keep-alive", "authorization", "transfer-encoding", "cookie"]);

/**
 * All of Cloud Storage's JSON API, served by another server.
 *
 * @param endpoint Its URL, without `/storage/v1`.
 */
export function proxyRoutes(endpoint: string): Route[] {
  const pattern = /^(?:\/resumable)?(?:\/upload|\/download)?(?:\/storage\/v1)?\/b(?:\/.*)?$/;
  return ["GET", "POST", "PUT", "PATCH", "DELETE"].map((method) => ({
    method,
    pattern,
    handle: (request) => forward(endpoint.replace(/\/+$/, ""), request),
    toError: (error) => StorageError.from(error),
  }));
}

async function forward(endpoint: string, request: EmulatorRequest): Promise<EmulatorResponse> {
  const query = request.query.toString();
  const url = `${endpoint}${request.path}${query ? `?${query}` : ""}`;
  const headers = Object.entries(request.headers).filter(([name]) => !ownHeaders.has(name));
  const send = url.startsWith("https:") ? httpsRequest : httpRequest;
  const outgoing = send(url, { method: request.method, headers: Object.fromEntries(headers) });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once("response", resolve).once("error", reject);
  });
  try {
    await Promise.all([pipeline(request.stream, outgoing), answered]);
    return toResponse(await answered, endpoint, baseUrl(request));
  } catch (error) {
    throw unreachable(error);
  }
}

/** Where a resumable upload goes on is here as well, not at the other server. */
function toResponse(answer: IncomingMessage, endpoint: string, base: string): EmulatorResponse {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined && !ownHeaders.has(name)) headers[name] = String(value);
  }
  if (headers["location"]?.startsWith(endpoint)) {
    headers["location"] = `${base}${headers["location"].slice(endpoint.length)}`;
  }
  return { status: answer.statusCode ?? 502, headers, body: answer };
}
