import type { BatchJob } from "../../../core/batch.js";
import type { Endpoint, ListedRecord, ListedVersion } from "../../../core/services.js";
import { isHeld } from "../../../rollout/lock.js";

/** What deployments need. */
export interface Needs {
  isVersionNeeded(version: ListedVersion): boolean;
  /** @param environmentHash - The whole hash, or its beginning. */
  isEnvironmentNeeded(environmentHash: string): boolean;
  /** @param modelHash - The whole hash, or its beginning. */
  isModelNeeded(modelHash: string): boolean;
  /** @param names - By which an image may be called: with its digest, with a tag. */
  isImageNeeded(names: readonly string[]): boolean;
}

/**
 * What records, endpoints and batch predictions need.
 *
 * A deployment that was deleted needs nothing, unless somebody works on it again.
 */
export function needsOf(
  records: readonly ListedRecord[],
  endpoints: readonly Endpoint[],
  batches: readonly BatchJob[],
  now: number,
): Needs {
  const living = records.map(({ record }) => record).filter(({ deletedAt, lock }) => !deletedAt || isLocked(lock, now));
  const specs = living
    .flatMap(({ spec, update }) => [spec, update?.spec])
    .filter((spec) => spec !== null && spec !== undefined);
  const named = living
    .flatMap(({ version, update }) => [version, update?.version])
    .filter((version) => version !== null && version !== undefined);
  const used = [...endpoints.flatMap(({ deployedModels }) => deployedModels), ...batches];

  const versions = new Set([
    ...named.map(({ model, versionId }) => placeless(`${model}@${versionId}`)),
    ...used.map(({ model, modelVersionId }) => placeless(modelVersionId ? `${model}@${modelVersionId}` : model)),
  ]);
  const images = new Set(specs.map(({ settings }) => settings["imageUri"]));
  return {
    isVersionNeeded: ({ model, versionId, deployedOn }) =>
      deployedOn.length > 0 || versions.has(placeless(model)) || versions.has(placeless(`${model}@${versionId}`)),
    isEnvironmentNeeded: (hash) => specs.some(({ environmentHash }) => isSameHash(environmentHash, hash)),
    isModelNeeded: (hash) => specs.some(({ modelHash }) => isSameHash(modelHash, hash)),
    isImageNeeded: (names) => names.some((name) => images.has(name)),
  };
}

/** What is needed beside `needs` because these versions stay. */
export function withVersions(needs: Needs, versions: readonly ListedVersion[]): Needs {
  const images = new Set(versions.map(({ imageUri }) => imageUri));
  const labels = versions.flatMap(({ labels }) => labels["environment-hash"] ?? []);
  const models = versions.flatMap(({ artifactUri }) => /\/models\/([0-9a-f]+)\/*$/.exec(artifactUri ?? "")?.[1] ?? []);
  return {
    ...needs,
    isEnvironmentNeeded: (hash) => needs.isEnvironmentNeeded(hash) || labels.some((label) => isSameHash(label, hash)),
    isModelNeeded: (hash) => needs.isModelNeeded(hash) || models.some((model) => isSameHash(model, hash)),
    isImageNeeded: (names) => needs.isImageNeeded(names) || names.some((name) => images.has(name)),
  };
}

/** What is needed beside `needs` because these environments are. */
export function withEnvironments(needs: Needs, hashes: readonly string[]): Needs {
  return {
    ...needs,
    isEnvironmentNeeded: (hash) => needs.isEnvironmentNeeded(hash) || hashes.some((each) => isSameHash(each, hash)),
  };
}

/** Whether two hashes, or beginnings of them, are of the same thing. */
function isSameHash(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}

/** A name without its project, which Vertex AI calls by its number and people by its id. */
function placeless(name: string): string {
  return name.replace(/^projects\/[^/]+\//, "");
}

function isLocked(lock: ListedRecord["record"]["lock"], now: number): boolean {
  return lock !== null && isHeld(lock, now);
}
