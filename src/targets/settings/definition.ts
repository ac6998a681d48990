import type { z } from "zod";

/** What the documentation and the loader need to know of a setting beside its values. */
export interface SettingMeta {
  /** One or two sentences for a person. */
  description: string;
  /** Environment variables, the first that is set wins. */
  env?: string[];
  /** Other names in `config`, from tools that users come from. */
  aliases?: string[];
  /** What is used when nothing is said, for a person; where zod's own default does not say it. */
  defaultText?: string;
}

/** The settings of a target: one schema, from which loading, checks, help and documentation come. */
export interface SettingsDefinition<Name extends string, Settings extends Partial<Record<Name, unknown>>> {
  /** The target's name. */
  target: string;
  /** Each setting by its name in camelCase. In `config` it may be written in snake_case too. */
  shape: Readonly<Record<Name, z.ZodType>>;
  /** Checks each setting by itself, and fills in the defaults. */
  each: z.ZodType<Settings>;
  /** As `each`, with the checks that look at more than one setting. */
  schema: z.ZodType<Settings>;
  /** The settings by what they are about, for a person who looks for one. */
  groups: readonly { title: string; names: readonly Name[] }[];
  metaOf(name: Name): SettingMeta | undefined;
}

/** The names of a definition's settings, in the order of their declaration. */
export function namesOf<Name extends string>({ shape }: { shape: Readonly<Record<Name, unknown>> }): Name[] {
  return Object.keys(shape) as Name[];
}
