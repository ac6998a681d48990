/** Rules that Vertex AI's resources share, from the field descriptions of its discovery document. */
import type { JsonObject } from "./messages/parse.js";
import type { Violations } from "./violations.js";

const longestDisplayName = 128;
const longestLabel = 64;

/** Letters of any script without a case, or lower case; the rules allow international characters. */
const labelPattern = /^[\p{Ll}\p{Lo}\p{N}_-]*$/u;

/** Checks `displayName` and `labels`, which Models and Endpoints have in common. */
export function checkNaming(resource: JsonObject, path: string, violations: Violations): void {
  const displayName = resource["displayName"] as string | undefined;
  if (displayName !== undefined && Array.from(displayName).length > longestDisplayName) {
    violations.add(`${path}.display_name`, `The display name must be no longer than ${longestDisplayName} characters.`);
  }
  for (const [key, value] of Object.entries((resource["labels"] ?? {}) as Record<string, string>)) {
    if (!/^[\p{Ll}\p{Lo}]/u.test(key) || !isLabel(key)) {
      violations.add(`${path}.labels`, `Label key "${key}" is invalid: ${labelRule}, and must begin with a letter.`);
    }
    if (!isLabel(value)) violations.add(`${path}.labels`, `Label value "${value}" is invalid: ${labelRule}.`);
  }
}

const labelRule = `at most ${longestLabel} characters, only lowercase letters, numbers, underscores and dashes`;

function isLabel(text: string): boolean {
  return Array.from(text).length <= longestLabel && labelPattern.test(text);
}
