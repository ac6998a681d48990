import { once } from "node:events";
import { createServer, type IncomingMessage, request as sendRequest, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";

/** What stands in front of an MLflow server. */
export interface MlflowProxy {
  /** What `MLFLOW_TRACKING_URI` is set to, with the path prefix. */
  uri: string;
  /** The `Authorization` of each request so far. */
  authorizations: (string | undefined)[];
  close(): Promise<void>;
}

export interface MlflowProxyOptions {
  /** The URL of the server behind. */
  target: string;
  /** A path that requests must begin with, and which the server behind does not see. */
  prefix?: string;
  /** Certificates, for https. */
  tls?: ServerOptions;
  /** Answers a request that is not to come through, and then returns false. */
  admits?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/** Starts a reverse proxy, as they stand in front of MLflow in companies. */
export async function startMlflowProxy(options: MlflowProxyOptions): Promise<MlflowProxy> {
  const { target, prefix = "", tls, admits = () => true } = options;
  const authorizations: (string | undefined)[] = [];
  const { hostname, port } = new URL(target);
  const forward = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const { authorization, ...headers } = incoming.headers;
    authorizations.push(authorization);
    if (!admits(incoming, outgoing)) return;
    if (!incoming.url?.startsWith(`${prefix}/`)) {
      outgoing.writeHead(404, { "content-type": "text/html" }).end("<h1>no such site</h1>");
      return;
    }
    // what the proxy asks for is not for the server behind
    const onward = { hostname, port, method: incoming.method, path: incoming.url.slice(prefix.length), headers };
    const request = sendRequest(onward, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    request.once("error", () => outgoing.destroy());
    incoming.pipe(request);
  };
  const server = tls === undefined ? createServer(forward) : createTlsServer(tls, forward);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const scheme = tls === undefined ? "http" : "https";
  return {
    uri: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`,
    authorizations,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
