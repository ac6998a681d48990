import { DeploymentError } from "../../../core/errors.js";

/** Such as `ENDPOINT_ID.aiplatform.googleapis.com`: "Use private services access endpoints" of Vertex AI. */
const googleHost = /^([a-z0-9-]+\.)+aiplatform\.googleapis\.com$/;
/** RFC 1918: what a peered network has, and neither this machine nor a metadata server. */
const privateAddress = /^(10\.\d+|172\.(1[6-9]|2\d|3[01])|192\.168)\.\d+\.\d+$/;

/**
 * `PrivateEndpoints.predictHttpUri`, if rows may be sent to it.
 *
 * @throws DeploymentError `INTERNAL_ERROR` for any other URL.
 */
export function checkedPrivateUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const web = url !== null && ["http:", "https:"].includes(url.protocol) && url.username === "" && url.password === "";
  if (web && (googleHost.test(url.hostname) || privateAddress.test(url.hostname))) return url.href;
  throw new DeploymentError(
    "INTERNAL_ERROR",
    `The endpoint's URL inside its network is at the host "${web ? url.host : "?"}", which is none of Google's: nothing is sent to it.`,
  );
}
