import { DeploymentError } from "../../../core/errors.js";
import type { PredictionText } from "./prediction-text.js";

/** The most bytes of a prediction request. */
export interface RequestLimit {
  /** What is refused here; nothing that the service may take. */
  bytes: number;
  /** What the service takes for sure: a request that can be split is split above it. */
  surely: number;
  /** Whose limit it is, as the subject of a sentence: `Vertex AI takes`. */
  taker: string;
  /** Where it holds, as the end of that sentence: ` on a shared endpoint`. */
  where: string;
  /** What to do about a request that exceeds it. */
  advice: string;
}

/**
 * The text of a request with all rows.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` that names the limit that it exceeds.
 */
export function wholeBody(text: PredictionText, limit: RequestLimit): string {
  const body = text.body();
  const bytes = Buffer.byteLength(body);
  if (bytes > limit.bytes) throw tooLarge("The prediction request", bytes, limit);
  return body;
}

/** The refusal of what is over the limit. @param what - The subject of the sentence. */
export function tooLarge(what: string, bytes: number, limit: RequestLimit): DeploymentError {
  return new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `${what} has ${megabytes(bytes)}; ${limit.taker} ${megabytes(limit.bytes)}${limit.where}. ${limit.advice}`,
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
