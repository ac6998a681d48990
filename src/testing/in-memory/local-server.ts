import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

import { DeploymentError, throwIfCancelled } from "../../core/errors.js";
import type { LocalServer, RunLocalOptions } from "../../core/local-server.js";
import { predictionRows } from "../../core/prediction-request.js";
import { PredictionsResponse } from "../../core/predictions-response.js";
import type { InMemoryConfig } from "./options.js";

/** Answers rows. */
type Answer = (inputs: readonly unknown[], params: Record<string, unknown>) => Promise<readonly unknown[]>;

/** Serves `answer` on a port of this machine: `GET /ping`, and `POST /invocations` of `{ instances, params }`. */
export async function serveLocally(
  { name, port = 0, signal }: RunLocalOptions<InMemoryConfig>,
  answer: Answer,
): Promise<LocalServer> {
  throwIfCancelled(signal, "runLocal");
  const log: string[] = [];
  const server = createServer((request, response) => {
    void reply(request, answer).then(({ status, body }) => {
      log.push(`${request.method} ${request.url} ${status}`);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening").catch((error: unknown) => {
    throw new DeploymentError("FAILED_PRECONDITION", `Port ${port} cannot be had: ${String(error)}`, { cause: error });
  });
  const closed = once(server, "close").then(() => ({ stopped: true, lastLines: log.slice(-100) }));
  const stop = async () => {
    server.close();
    server.closeAllConnections();
    await closed;
  };
  const address = server.address() as AddressInfo;
  return {
    name,
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    exited: closed,
    predict: async (options) => {
      throwIfCancelled(options.signal, "predict");
      const predictions = await answer(predictionRows(options), options.params ?? {});
      return new PredictionsResponse({ predictions: [...predictions] });
    },
    logs: (lines = 100) => log.slice(-lines),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function reply(request: IncomingMessage, answer: Answer): Promise<{ status: number; body: unknown }> {
  if (request.method === "GET" && request.url === "/ping") return { status: 200, body: {} };
  if (request.method !== "POST" || request.url !== "/invocations")
    return { status: 404, body: { message: "Not found" } };
  try {
    const { instances, params = {} } = JSON.parse(await text(request)) as {
      instances: unknown[];
      params?: Record<string, unknown>;
    };
    return { status: 200, body: { predictions: await answer(predictionRows({ inputs: { instances } }), params) } };
  } catch (error) {
    return { status: 400, body: { message: error instanceof Error ? error.message : String(error) } };
  }
}
