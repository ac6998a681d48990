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
