import { DeploymentError } from "../../../core/errors.js";
import { checkJsonData } from "../../../core/json-data.js";

/** The most bytes of a prediction request. */
export interface RequestLimit {
  bytes: number;
  /** Whose limit it is, as the subject of a sentence: `Vertex AI takes`. */
  taker: string;
  /** Where it holds, as the end of that sentence: ` on a shared endpoint`. */
  where: string;
  /** What to do about a request that exceeds it. */
  advice: string;
}

/**
 * The text of a prediction request.
 *
 * @param request - The fields of the body; one that is undefined is left out.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` that names such a value by its path, or the limit that the text
 * exceeds.
 */
export function predictionBody(request: Record<string, unknown>, limit: RequestLimit): string {
  const fields = Object.entries(request).filter(([, value]) => value !== undefined);
  for (const [name, value] of fields) checkJsonData(value, name);
  const text = JSON.stringify(Object.fromEntries(fields));
  const bytes = Buffer.byteLength(text);
  if (bytes > limit.bytes) throw tooLarge(bytes, limit);
  return text;
}

function tooLarge(bytes: number, limit: RequestLimit): DeploymentError {
  return new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The prediction request has ${megabytes(bytes)}; ${limit.taker} ${megabytes(limit.bytes)}${limit.where}. ${limit.advice}`,
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
