import type { ListedVersion } from "../../../core/services.js";
import { isYoung } from "./age.js";
import type { Needs } from "./needs.js";

/** A version that no deployment needs. */
export interface UnneededVersion {
  version: ListedVersion;
  reason: string;
  /** The versions of the model that have to go before it. */
  after: ListedVersion[];
}

/**
 * The versions that this package made and nothing needs, but for the newest `keep` of each model.
 *
 * A model's default version goes only with its model, so as the last one: others may use the model by its name alone.
 */
export function unneededVersions(
  versions: readonly ListedVersion[],
  needs: Needs,
  keep: number,
  now: number,
): UnneededVersion[] {
  const models = new Set(versions.map(({ model }) => model));
  return [...models].flatMap((model) => {
    const all = versions.filter((version) => version.model === model);
    return unneededOfModel(all.toSorted(newestFirst), needs, keep, now);
  });
}

function unneededOfModel(sorted: readonly ListedVersion[], needs: Needs, keep: number, now: number): UnneededVersion[] {
  const idle = sorted.filter((version) => version.ours && !needs.isVersionNeeded(version));
  const unneeded = idle
    .slice(keep)
    .filter(({ createTime }) => !isYoung(createTime, now))
    .toReversed();
  const others = unneeded.filter((version) => !isDefault(version));
  const newest = sorted[0]?.versionId;
  if (unneeded.length < sorted.length) {
    return others.map((version) => ({ version, reason: `not deployed; newest is version ${newest}`, after: [] }));
  }
  const reason = "not deployed, as no version of its model is";
  return [
    ...others.map((version) => ({ version, reason, after: [] })),
    ...unneeded.filter(isDefault).map((version) => ({ version, reason, after: others })),
  ];
}

/** Vertex AI counts a model's versions. */
function newestFirst(a: ListedVersion, b: ListedVersion): number {
  return Number(b.versionId) - Number(a.versionId);
}

function isDefault({ aliases }: ListedVersion): boolean {
  return aliases.includes("default");
}
