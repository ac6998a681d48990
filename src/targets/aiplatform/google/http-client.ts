import type { AxiosInstance } from "axios";

import type { GoogleConnection } from "./connection.js";

/** For what googleapis does not send: predictions. Over connections that stay open; follows no redirect. */
export async function httpClient({ agents }: GoogleConnection): Promise<AxiosInstance> {
  const { default: axios } = await import("axios");
  return axios.create({
    httpAgent: agents.http,
    httpsAgent: agents.https,
    maxRedirects: 0,
    transitional: { clarifyTimeoutError: true },
  });
}
