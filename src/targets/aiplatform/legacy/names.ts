import { DeploymentError } from "../../../core/errors.js";
import { sha256 } from "../../../core/hash.js";
import { labelValue, withoutAccents } from "../google/label-value.js";
import type { PlatformNames } from "../services.js";

/** "Deploying models": names of models and versions have letters, digits and `_`, begin with a letter, and end at 128. */
const legalName = /^[A-Za-z][A-Za-z0-9_]{0,127}$/;
const maxNameLength = 128;
const nameHashLength = 8;

/** How much of a spec's hash identifies a version: the beginning of its label `spec-hash`. */
const idHashLength = 16;

/**
 * The platform's names for a deployment. The model is the endpoint, and its name is the setting `modelName`, so that
 * whoever sets that must set it in every call.
 *
 * @param modelName - The setting of that name.
 */
export function legacyNames(modelName: string | undefined): PlatformNames {
  return {
    endpointId: (deploymentName) => modelId(modelName ?? deploymentName),
    sharedEndpointId: modelId,
    versionAlias,
    deployedModelId: (_deploymentName, specHash) => deployedModelId(specHash),
    labelValue,
  };
}

/** The model's name: the name itself where it is legal, else its legal characters and a hash of the exact name. */
export function modelId(modelName: string): string {
  if (legalName.test(modelName)) return modelName;
  const readable = underscored(modelName);
  const start = /^[A-Za-z]/.test(readable) ? readable : ["model", readable].filter((part) => part !== "").join("_");
  const cut = start.slice(0, maxNameLength - nameHashLength - 1).replace(/_$/, "");
  return `${cut}_${sha256(modelName).slice(0, nameHashLength)}`;
}

/**
 * The version's name for the setting `versionName`: itself where it is legal, else its legal characters after a `v_`
 * where they begin with no letter: `1` is `v_1`. Two names may have one form; whoever makes a version finds it taken.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for a name without a letter or digit, and for one that is too long.
 */
function versionAlias(versionName: string): string {
  if (legalName.test(versionName)) return versionName;
  const readable = underscored(versionName);
  const alias = /^[A-Za-z]/.test(readable) ? readable : `v_${readable}`;
  if (readable !== "" && legalName.test(alias)) return alias;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The version name "${versionName}" cannot become the name of a version, which has at most ${maxNameLength} letters, digits and _. Choose another versionName, such as v_1.`,
  );
}

/** The name of a version that nobody named. */
export function unnamedVersion(specHash: string): string {
  return `v_${deployedModelId(specHash)}`;
}

/**
 * The id of what serves: the beginning of the spec's hash, as the version's label holds it. Not the version's name, which
 * `versionName` decides: a version `v_1` of another spec must not pass for this one.
 *
 * @param specHash - Or the value of the label `spec-hash`.
 */
export function deployedModelId(specHash: string): string {
  return specHash.slice(0, idHashLength);
}

/** Letters and digits of the Latin alphabet, with single `_` between. */
function underscored(text: string): string {
  return withoutAccents(text)
    .replace(/[^A-Za-z0-9]+/g, "_")
    .replace(/^_|_$/g, "");
}
