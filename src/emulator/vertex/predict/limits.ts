/** The limits of online predictions by type of endpoint, from Vertex AI's "Quotas and limits" and "Choose an endpoint type". */
import { failedPrecondition } from "../../google-error.js";
import type { EndpointRecord } from "../endpoints/endpoint-record.js";

export interface PredictionLimits {
  /** Of a request, and of an answer. */
  bytes: number;
  timeoutMs: number;
}

const dedicatedDefaultSeconds = 600;

export function limitsOf(endpoint: EndpointRecord): PredictionLimits {
  if (endpoint.network !== undefined) return { bytes: 10_000_000, timeoutMs: 60_000 };
  if (!endpoint.dedicatedEndpointEnabled) return { bytes: 1_500_000, timeoutMs: 60_000 };
  const timeout = endpoint.clientConnectionConfig?.inferenceTimeout;
  return {
    bytes: 10_000_000,
    timeoutMs: (timeout === undefined ? dedicatedDefaultSeconds : Number.parseFloat(timeout)) * 1000,
  };
}

/** @throws GoogleError FAILED_PRECONDITION. @param what `request` or `response`. */
export function checkSize(what: string, size: number, { bytes }: PredictionLimits): void {
  if (size <= bytes) return;
  throw failedPrecondition(`The ${what} size (${size} bytes) exceeds ${(bytes / 1_000_000).toFixed(3)}MB limit.`);
}
