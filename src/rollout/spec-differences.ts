import { canonicalJson } from "../core/hash.js";
import type { DeploymentSpec } from "../core/record.js";

/**
 * What differs between two specs, a line each, for a person: `machineType: n1-standard-2 → n1-standard-4`.
 *
 * @param there - The spec of what is there; null when no record of it is left.
 */
export function specDifferences(there: DeploymentSpec | null, wanted: DeploymentSpec): string[] {
  if (!there) return ["its record is lost, so what differs is not known"];
  const lines: string[] = [];
  if (there.modelHash !== wanted.modelHash) {
    lines.push(
      there.modelUri === wanted.modelUri
        ? `model: the files of ${wanted.modelUri} changed`
        : `model: ${there.modelUri} → ${wanted.modelUri}`,
    );
  }
  if (there.environmentHash !== wanted.environmentHash)
    lines.push("environment: requirements, Python version, predictor or runtime");
  if (there.flavor !== wanted.flavor) lines.push(`flavor: ${show(there.flavor)} → ${show(wanted.flavor)}`);
  const names = [...new Set([...Object.keys(there.settings), ...Object.keys(wanted.settings)])].toSorted();
  for (const name of names) {
    if (filesOfEnvironment.has(name)) continue;
    const before = there.settings[name];
    const after = wanted.settings[name];
    if (canonicalJson(before ?? null) !== canonicalJson(after ?? null))
      lines.push(`${name}: ${show(before)} → ${show(after)}`);
  }
  return lines;
}

/** Settings that name files whose content the environment's hash covers: another path may hold the same. */
const filesOfEnvironment: ReadonlySet<string> = new Set(["predictionScript", "preprocessor", "setupFile"]);

function show(value: unknown): string {
  if (value === undefined || value === null) return "none";
  return typeof value === "string" ? value : canonicalJson(value);
}
