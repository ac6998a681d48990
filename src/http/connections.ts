import type * as Undici from "undici";
import type { Dispatcher } from "undici";

import { proxies } from "./proxies.js";
import { proxyConnections } from "./proxy-connections.js";

/** Of a connection; the time of a request is its own. */
const options = {
  /** Milliseconds that an idle connection stays, unless its server says another time. It does not hold the process. */
  keepAliveTimeout: 60_000,
  headersTimeout: 0,
  bodyTimeout: 0,
  /** Milliseconds: what waits for a connection is not stopped by its caller, and would hold the process. */
  connect: { timeout: 30_000 },
};

/** Connections that stay open. undici, which makes them, is loaded at the first use. */
export class Connections {
  #undici: typeof Undici | undefined;
  #direct: Dispatcher | undefined;
  #proxied: Dispatcher | undefined;

  /**
   * What requests go out by.
   *
   * @param way - `proxied`: by the proxy that the environment names at the first use, if it names one for the host.
   * @throws DeploymentError `INVALID_PARAMETER_VALUE` for a proxy that is none.
   */
  async by(way: "direct" | "proxied"): Promise<Dispatcher> {
    const { Agent, EnvHttpProxyAgent, Pool } = (this.#undici ??= await import("undici"));
    if (way === "direct") return (this.#direct ??= new Agent(options));
    return (this.#proxied ??= new EnvHttpProxyAgent({
      ...options,
      ...proxies(),
      clientFactory: proxyConnections(Pool),
    }));
  }
}
