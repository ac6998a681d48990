/** Rules that Vertex AI's resources share, from the field descriptions of its discovery document. */
import { labelProblems } from "../labels.js";
import type { JsonObject } from "../proto/parse.js";
import type { Violations } from "./violations.js";

const longestDisplayName = 128;

/** Checks `displayName` and `labels`, which Models and Endpoints have in common. */
export function checkNaming(resource: JsonObject, path: string, violations: Violations): void {
  const displayName = resource["displayName"] as string | undefined;
  if (displayName !== undefined && Array.from(displayName).length > longestDisplayName) {
    violations.add(`${path}.display_name`, `The display name must be no longer than ${longestDisplayName} characters.`);
  }
  for (const problem of labelProblems((resource["labels"] ?? {}) as Record<string, string>)) {
    violations.add(`${path}.labels`, problem);
  }
}
