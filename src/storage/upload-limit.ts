import { DeploymentError } from "../core/errors.js";

/** Vertex AI takes no more than 10 GB of artifacts for one model ("Import models": "Limitations"). Bytes. */
const largestUpload = 10 * 2 ** 30;

/** @throws DeploymentError `INVALID_PARAMETER_VALUE` for more bytes than Vertex AI takes. */
export function requireSize(bytes: number, { bucket, name }: { bucket: string; name: string }): void {
  if (bytes <= largestUpload) return;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The files for gs://${bucket}/${name} have ${(bytes / 2 ** 30).toFixed(1)} GB (${bytes} bytes), and Vertex AI takes at most ` +
      `${largestUpload / 2 ** 30} GB for a model. Log the model without what serving does not need.`,
  );
}
