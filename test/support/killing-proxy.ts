import { once } from "node:events";
import { createServer, request as sendRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A proxy that counts requests, and at one of them lets it reach the server but never lets the answer come back. */
export interface KillingProxy {
  /** `127.0.0.1:PORT`. */
  host: string;
  /** The requests so far, as `METHOD /path`. */
  seen: string[];
  close(): Promise<void>;
}

/**
 * @param target - The URL of the server behind.
 * @param isLast - Says of a request (as in `seen`) and its number, from 1, whether its answer is held back while `kill` is
 * called.
 */
export async function killingProxy(
  target: string,
  isLast: (request: string, number: number) => boolean,
  kill: () => void,
): Promise<KillingProxy> {
  const seen: string[] = [];
  const { hostname, port } = new URL(target);
  const forward = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const line = `${incoming.method} ${incoming.url?.split("?")[0]}`;
    seen.push(line);
    const last = isLast(line, seen.length);
    const { method, url: path, headers } = incoming;
    const onward = sendRequest({ hostname, port, method, path, headers }, (answer) => {
      if (last) {
        answer.resume();
        answer.once("end", kill);
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.once("error", () => outgoing.destroy());
    incoming.pipe(onward);
  };
  const server = createServer(forward);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
