/** undici's errors of a connection, with the code that Node.js has for one that broke, and one of its own for a proxy's refusal. */
export function asNodes(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "UND_ERR_ABORTED" && message.startsWith("Proxy response"))
    return Object.assign(new Error(`The proxy refused the connection: ${message}`), { code: "EPROXY" });
  return isBroken(code, message) ? Object.assign(new Error(message), { code: "ECONNRESET" }) : error;
}

/** An answer that says `Connection: close` and is cut off is not told from one that is no HTTP but by the message. */
function isBroken(code: string | undefined, message: string): boolean {
  return brokenCodes.has(code) || message.includes("(Invalid EOF state)");
}

const brokenCodes = new Set<string | undefined>([
  "UND_ERR_SOCKET",
  "UND_ERR_INFO",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
]);
