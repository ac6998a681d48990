import type { IncomingHttpHeaders } from "node:http";

/**
 * Whether a request comes from a program of this machine, and not from a page in a browser here: a page reaches loopback by
 * a request that needs no permission of the server's, or under a name of its own that points to 127.0.0.1.
 */
export function isFromProgram(headers: IncomingHttpHeaders): boolean {
  const site = headers["sec-fetch-site"];
  const isLoopback = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(headers.host ?? "");
  return isLoopback && headers.origin === undefined && (site === undefined || site === "none");
}
