import type { RequestLimit } from "../google/request-limit.js";

/** The kinds of endpoints, by the way to them: Google's shared host, a public host of their own, or a network. */
export type EndpointType = "shared" | "dedicated" | "private";

const binary = 1024 * 1024;
const decimal = 1_000_000;
const taker = "Vertex AI takes";
const advice = "Send fewer rows in each request.";

/**
 * "Choose an endpoint type" of Vertex AI says 1.5 MB for endpoints on the shared host, 10 MB for the others. Read as
 * binary megabytes for what is refused, so that nothing is that the service may take; as decimal ones for what is split.
 */
export const requestLimits: Record<EndpointType, RequestLimit> = {
  shared: {
    bytes: 1.5 * binary,
    surely: 1.5 * decimal,
    taker,
    where: " on a shared endpoint",
    advice: "Send fewer rows in each request, or deploy with endpointType: dedicated, which takes 10 MB.",
  },
  dedicated: { bytes: 10 * binary, surely: 10 * decimal, taker, where: " on a dedicated endpoint", advice },
  private: { bytes: 10 * binary, surely: 10 * decimal, taker, where: " on a private endpoint", advice },
};
