/** Version aliases: a name is on one version of a model at most, and exactly one version is `default`. */
import { invalidArgument } from "../../google-error.js";
import type { VersionRecord } from "./model-record.js";

/** Starts with a letter, so that no alias looks like a version id. */
const aliasPattern = /^[a-z][a-zA-Z0-9-]{0,126}[a-z0-9]$/;

export function isAlias(text: string): boolean {
  return aliasPattern.test(text);
}

/**
 * The versions with aliases added to one of them, and taken from the others that had them.
 *
 * @param changes Aliases to add; with `-` in front, to remove.
 * @throws GoogleError INVALID_ARGUMENT for an alias that isn't one, or when no version would be `default`.
 */
export function mergeAliases(
  versions: readonly VersionRecord[],
  id: string,
  changes: readonly string[],
): VersionRecord[] {
  const removed = changes.filter((each) => each.startsWith("-")).map((each) => each.slice(1));
  const added = changes.filter((each) => !each.startsWith("-"));
  const wrong = [...added, ...removed].find((each) => !isAlias(each));
  if (wrong !== undefined) {
    throw invalidArgument(`Version alias "${wrong}" is invalid: it must match [a-z][a-zA-Z0-9-]{0,126}[a-z0-9].`);
  }
  if (removed.includes("default")) {
    throw invalidArgument(
      'The alias "default" can\'t be removed, only given to another version: a model has exactly one default version.',
    );
  }
  return versions.map((version) => {
    const others = version.aliases.filter((each) => !added.includes(each));
    if (version.id !== id) return { ...version, aliases: others };
    return { ...version, aliases: [...others.filter((each) => !removed.includes(each)), ...added] };
  });
}
