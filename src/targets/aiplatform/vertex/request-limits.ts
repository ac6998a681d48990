import type { RequestLimit } from "../google/prediction-body.js";

const megabyte = 1024 * 1024;
const fewerRows = "Send fewer rows in each request";

/**
 * "Quotas and limits" of Vertex AI says 1.5 MB for endpoints on the shared host, 10 MB for dedicated ones. Read as binary
 * megabytes, so that nothing is refused here that the service may take.
 */
export const requestLimits = {
  shared: {
    bytes: 1.5 * megabyte,
    taker: "Vertex AI takes",
    where: " on a shared endpoint",
    advice: `${fewerRows}, or deploy with endpointType: dedicated, which takes 10 MB.`,
  },
  dedicated: {
    bytes: 10 * megabyte,
    taker: "Vertex AI takes",
    where: " on a dedicated endpoint",
    advice: `${fewerRows}.`,
  },
} as const satisfies Record<string, RequestLimit>;
