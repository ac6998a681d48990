import { DeploymentError } from "../../../core/errors.js";
import { canonicalJson, sha256 } from "../../../core/hash.js";
import { withoutAccents } from "../google/label-value.js";

export { labelValue } from "../google/label-value.js";

/** Vertex AI's limit for model and endpoint ids (`UploadModelRequest.model_id`, `CreateEndpointRequest.endpoint_id`). */
const maxIdLength = 63;
const idHashLength = 8;

/** `Model.version_aliases`. */
const legalAlias = /^[a-z][a-zA-Z0-9-]{0,126}[a-z0-9]$/;
const maxAliasLength = 128;

/**
 * The registry model's id: the name's legal characters, then a hash of the exact name. The hash is there even when the
 * name is legal, so that no name can be another's id: `Iris` and `iris` are two models.
 */
export function modelId(modelName: string): string {
  return hashedId(modelName, "model");
}

/** The id of the endpoint that a deployment owns, made as in {@link modelId}. */
export function endpointId(deploymentName: string): string {
  return hashedId(deploymentName, "endpoint");
}

/** The id of an endpoint that deployments share: never that of a deployment's own, whatever the two are called. */
export function sharedEndpointId(endpointName: string): string {
  return hashedId(endpointName, "endpoint", `shared endpoint ${endpointName}`);
}

/**
 * The alias of a version name: the name itself where it is legal, else its lower-case letters and digits with hyphens
 * between, after a `v` where it starts with a digit: `v_1` and `1` are both `v-1`. So two names may have one alias; whoever
 * makes a version finds the alias taken.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for `default`, which is Vertex AI's own, for a name without a letter
 * or digit, and for one that is too long.
 */
export function versionAlias(versionName: string): string {
  const alias = legalAlias.test(versionName) ? versionName : aliasFrom(slug(versionName));
  if (alias === "default") {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `The version name "${versionName}" is not possible: Vertex AI keeps the alias "default" for the version that is used when none is named. Choose another versionName.`,
    );
  }
  if (alias === null || alias.length > maxAliasLength) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `The version name "${versionName}" cannot become an alias on Vertex AI, which has 2 to ${maxAliasLength} letters, digits and hyphens. Choose another versionName, such as v-1.`,
    );
  }
  return alias;
}

/**
 * The id of a deployed model: ten digits, the most that Vertex AI takes (`DeployedModel.id`), so that the same attempt
 * made twice meets itself.
 */
export function deployedModelId(deploymentName: string, specHash: string, attempt: number): string {
  const hash = sha256(canonicalJson([deploymentName, specHash, attempt]));
  const smallest = 1_000_000_000n;
  return String(smallest + (BigInt(`0x${hash.slice(0, 16)}`) % (9n * smallest)));
}

function hashedId(name: string, kind: string, identity = name): string {
  const readable = slug(name);
  const start = /^[a-z]/.test(readable) ? readable : [kind, readable].filter((part) => part !== "").join("-");
  const cut = start.slice(0, maxIdLength - idHashLength - 1).replace(/-$/, "");
  return `${cut}-${sha256(identity).slice(0, idHashLength)}`;
}

function aliasFrom(readable: string): string | null {
  if (readable === "") return null;
  return legalAlias.test(readable) ? readable : `v-${readable}`;
}

/** Lower-case letters and digits of the Latin alphabet, with single hyphens between. */
function slug(text: string): string {
  return withoutAccents(text)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}
