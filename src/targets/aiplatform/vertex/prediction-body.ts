import { DeploymentError } from "../../../core/errors.js";
import { checkJsonData } from "../../../core/json-data.js";

/**
 * The most bytes of a prediction request: "Quotas and limits" of Vertex AI says 1.5 MB for endpoints on the shared host,
 * 10 MB for dedicated ones. Read as binary megabytes, so that nothing is refused here that the service may take.
 */
const maxBytes = { shared: 1.5 * 1024 * 1024, dedicated: 10 * 1024 * 1024 };

/**
 * The text of a prediction request.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` that names such a value by its path, or the limit that the text
 * exceeds.
 */
export function predictionBody(
  request: { instances: readonly unknown[]; parameters?: Record<string, unknown> | undefined },
  endpointType: keyof typeof maxBytes,
): string {
  checkJsonData(request.instances, "instances");
  if (request.parameters !== undefined) checkJsonData(request.parameters, "parameters");
  const text = JSON.stringify({ instances: request.instances, parameters: request.parameters });
  const bytes = Buffer.byteLength(text);
  const limit = maxBytes[endpointType];
  if (bytes > limit) throw tooLarge(bytes, limit, endpointType);
  return text;
}

function tooLarge(bytes: number, limit: number, endpointType: keyof typeof maxBytes): DeploymentError {
  const instead =
    endpointType === "shared"
      ? "Send fewer rows in each request, or deploy with endpointType: dedicated, which takes 10 MB."
      : "Send fewer rows in each request.";
  return new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The prediction request has ${megabytes(bytes)}; Vertex AI takes ${megabytes(limit)} on a ${endpointType} endpoint. ${instead}`,
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
