import type { RequestLimit } from "../google/prediction-body.js";

/** The kinds of endpoints, by the way to them: Google's shared host, a public host of their own, or a network. */
export type EndpointType = "shared" | "dedicated" | "private";

const megabyte = 1024 * 1024;
const taker = "Vertex AI takes";
const advice = "Send fewer rows in each request.";

/**
 * "Choose an endpoint type" of Vertex AI says 1.5 MB for endpoints on the shared host, 10 MB for the others. Read as
 * binary megabytes, so that nothing is refused here that the service may take.
 */
export const requestLimits: Record<EndpointType, RequestLimit> = {
  shared: {
    bytes: 1.5 * megabyte,
    taker,
    where: " on a shared endpoint",
    advice: "Send fewer rows in each request, or deploy with endpointType: dedicated, which takes 10 MB.",
  },
  dedicated: { bytes: 10 * megabyte, taker, where: " on a dedicated endpoint", advice },
  private: { bytes: 10 * megabyte, taker, where: " on a private endpoint", advice },
};
