import { canonicalJson, sha256 } from "../../core/hash.js";
import type { DeploymentSpec } from "../../core/record.js";
import type { LocalSettings } from "./config/index.js";
import { batchingVariables, checkBatching, type RequestBatching } from "../settings/request-batching.js";
import { maskedValues } from "../masked-values.js";

/** The settings that what is served depends on, as they are written down. */
export interface SpecSettings {
  /** Of each value enough of a hash to see that it changed. */
  env: Record<string, string>;
  python: string | null;
  port: number;
  /** Their content is part of the environment's hash; the paths are for updates. */
  predictionScript: string | null;
  /** Absent in what an earlier version of this package has written down. */
  preprocessor?: string | null;
  setupFile: string | null;
  /** Absent in what an earlier version of this package has written down, and so is the next. */
  maxBatchSize?: number | null;
  maxBatchDelay?: number | null;
}

/**
 * What a deployment is made of.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for settings that do not go together.
 */
export function deploymentSpec(
  name: string,
  parts: Pick<DeploymentSpec, "modelHash" | "environmentHash" | "modelUri" | "flavor">,
  settings: SpecSettings,
): DeploymentSpec {
  const { env, python, port } = settings;
  checkBatching(batchingOf(settings));
  const served = { env, python, port, ...batchingVariables(batchingOf(settings)) };
  const hashed = [name, parts.environmentHash, parts.modelHash, parts.flavor, served];
  return { ...parts, settings: { ...settings }, specHash: sha256(canonicalJson(hashed)) };
}

/** The directory of a spec's model, below the deployment's `models`. */
export function modelName({ modelHash }: Pick<DeploymentSpec, "modelHash">): string {
  return modelHash.slice(0, 20);
}

/** The directory of a spec's bundle, below the deployment's `bundles`: it is installed for one interpreter. */
export function bundleName({ environmentHash, settings }: DeploymentSpec): string {
  return sha256(canonicalJson([environmentHash, settings["python"] ?? null])).slice(0, 20);
}

/** The settings of a call, as a spec has them. */
export function specSettings(settings: LocalSettings): SpecSettings {
  const { env, python, port, predictionScript, preprocessor, setupFile, maxBatchSize, maxBatchDelay } = settings;
  return {
    env: maskedValues(env),
    python: python ?? null,
    port,
    predictionScript: predictionScript ?? null,
    preprocessor: preprocessor ?? null,
    setupFile: setupFile ?? null,
    maxBatchSize: maxBatchSize ?? null,
    maxBatchDelay: maxBatchDelay ?? null,
  };
}

/** How requests are batched. */
export function batchingOf({ maxBatchSize, maxBatchDelay }: SpecSettings): RequestBatching {
  return { maxBatchSize: maxBatchSize ?? undefined, maxBatchDelay: maxBatchDelay ?? undefined };
}
