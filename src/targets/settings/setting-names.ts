import { namesOf, type SettingsDefinition } from "./definition.js";

/** `productionBucket` as `production_bucket`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Every spelling that `config` takes, in camelCase, snake_case and as an alias, to the setting's own name. */
export function spellingsOf<Name extends string>(
  definition: Pick<SettingsDefinition<Name, Record<Name, unknown>>, "shape" | "metaOf">,
): Map<string, Name> {
  return new Map(
    namesOf(definition).flatMap((name) =>
      [name, ...(definition.metaOf(name)?.aliases ?? [])].flatMap((spelling) => [
        [spelling, name] as const,
        [snakeCase(spelling), name] as const,
      ]),
    ),
  );
}

/** The known spelling that is nearest to `key`, if one is near enough to be what was meant. */
export function nearestName(key: string, known: Iterable<string>): string | undefined {
  const wanted = key.toLowerCase();
  let best: { name: string; distance: number } | undefined;
  for (const name of known) {
    const distance = editDistance(wanted, name.toLowerCase());
    if (!best || distance < best.distance) best = { name, distance };
  }
  return best && best.distance <= Math.max(2, Math.floor(wanted.length / 3)) ? best.name : undefined;
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
