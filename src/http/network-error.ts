/** undici's errors of a connection, with the code that Node.js has for one that broke, and one of its own for a proxy's refusal. */
export function asNodes(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "UND_ERR_ABORTED" && message.startsWith("Proxy response"))
    return Object.assign(new Error(`The proxy refused the connection: ${message}`), { code: "EPROXY" });
  const isBroken = code === "UND_ERR_SOCKET" || code === "UND_ERR_INFO";
  return isBroken ? Object.assign(new Error(message), { code: "ECONNRESET" }) : error;
}
