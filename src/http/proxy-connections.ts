/** How long a proxy may take over an answer to `CONNECT`. Milliseconds. */
const answerMs = 30_000;

/** What undici's own codes mean here: with those it would connect again. */
const codes: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: "EPROXY",
  UND_ERR_INFO: "EPROXY",
  UND_ERR_HEADERS_TIMEOUT: "ETIMEDOUT",
};

/**
 * The option `clientFactory` of undici's proxy agents, by its `Pool`. Left to itself undici asks a proxy that hangs up again at once
 * and for ever, whether or not anyone still waits: by the code of the failure it takes that for an idle connection that has ended.
 */
export function proxyConnections<Pool extends { connect(...asked: never[]): unknown }>(
  Connections: new (origin: URL, options: object) => Pool,
): (origin: URL, options: object) => Pool {
  return (origin, options) => {
    const pool = new Connections(origin, { ...options, headersTimeout: answerMs });
    const connect = pool.connect.bind(pool) as (...asked: unknown[]) => Promise<unknown>;
    return Object.assign(pool, {
      connect: async (...asked: unknown[]) => {
        try {
          return await connect(...asked);
        } catch (error) {
          throw asProxys(error);
        }
      },
    });
  };
}

function asProxys(error: unknown): unknown {
  const { code = "", message } = error as NodeJS.ErrnoException;
  const known = codes[code];
  return known === undefined
    ? error
    : Object.assign(new Error(`The proxy gave no answer: ${message}`), { code: known });
}
