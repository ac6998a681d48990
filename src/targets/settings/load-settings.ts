import type { z } from "zod";

import { DeploymentError } from "../../core/errors.js";
import { namesOf, type SettingsDefinition } from "./definition.js";
import { nearest } from "./nearest.js";
import { spellingsOf } from "./setting-names.js";

/** Values of settings, and where each came from, for messages. */
export type SettingsLayer<Name extends string> = Map<Name, { value: unknown; from: string }>;

/**
 * Which checks are made. `each`: only those of each setting by itself, for a call that completes them by what is there already
 * and then checks them together.
 */
export type SettingRules = "all" | "each";

/** Where settings come from, strongest first: the call's `config`, the client's, the target URI, the environment. */
export interface SettingSources<Name extends string> {
  callConfig?: object | undefined;
  clientConfig?: object | undefined;
  /** What the target URI says. */
  uri: SettingsLayer<Name>;
  env: NodeJS.ProcessEnv;
}

/** The settings of one call, and which of them somebody has named. */
export interface LoadedSettings<Name extends string, Settings> {
  settings: Settings;
  given: ReadonlySet<Name>;
  /** Of these, those that a variable of the environment alone names. */
  ambient: ReadonlySet<Name>;
}

/**
 * Brings the settings of one call together and checks them.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` that names the setting, where its value came from, and what is
 * allowed; for an unknown key, the nearest known one.
 * @returns `configs`: what the two configs say, the stronger last, for the checks of a target's own.
 */
export function loadSettings<Name extends string, Settings extends Partial<Record<Name, unknown>>>(
  definition: SettingsDefinition<Name, Settings>,
  sources: SettingSources<Name>,
  rules: SettingRules = "all",
): LoadedSettings<Name, Settings> & { configs: SettingsLayer<Name>[] } {
  const configs = [
    configLayer(definition, sources.clientConfig, "the client's config"),
    configLayer(definition, sources.callConfig, "config"),
  ];
  const environment = environmentLayer(definition, sources.env);
  const layers = [environment, sources.uri, ...configs];
  const merged: SettingsLayer<Name> = new Map(layers.flatMap((layer) => [...layer]));
  const values = Object.fromEntries([...merged].map(([name, entry]) => [name, entry.value]));
  const settings = checkSettings(definition, values, (name) => merged.get(name)?.from, rules);
  const ambient = [...environment].filter(([name, entry]) => merged.get(name) === entry).map(([name]) => name);
  return { settings, given: new Set(merged.keys()), ambient: new Set(ambient), configs };
}

/**
 * Checks settings, and fills in the defaults.
 *
 * @param fromOf - Where a value came from, for the message.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE`.
 */
export function checkSettings<Name extends string, Settings extends Partial<Record<Name, unknown>>>(
  { each, schema }: SettingsDefinition<Name, Settings>,
  values: Record<string, unknown>,
  fromOf: (name: Name) => string | undefined,
  rules: SettingRules = "all",
): Settings {
  const result = (rules === "all" ? schema : each).safeParse(values);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => {
    const from = fromOf(String(issue.path[0]) as Name);
    return `${issue.path.join(".")}${from ? ` (${from})` : ""} ${reason(issue)}`;
  });
  const text = `Invalid setting: ${lines.join("; ")}`;
  throw new DeploymentError("INVALID_PARAMETER_VALUE", text.endsWith("?") ? text : `${text}.`);
}

/**
 * The value of a setting that a method cannot do without.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` that names the parameter and its environment variables.
 */
export function requiredSetting<
  Names extends string,
  Settings extends Partial<Record<Names, unknown>>,
  Name extends Names & keyof Settings,
>(definition: SettingsDefinition<Names, Settings>, settings: Settings, name: Name): NonNullable<Settings[Name]> {
  const value = settings[name];
  if (value !== undefined && value !== null) return value;
  const meta = definition.metaOf(name);
  const variables = meta?.env?.length ? `, or set the environment variable ${meta.env.join(" or ")}` : "";
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The setting ${name} is missing. Pass it as config.${name}${variables}.`,
  );
}

type AnyDefinition<Name extends string> = Pick<
  SettingsDefinition<Name, Record<Name, unknown>>,
  "target" | "shape" | "metaOf"
>;

function environmentLayer<Name extends string>(
  definition: AnyDefinition<Name>,
  env: NodeJS.ProcessEnv,
): SettingsLayer<Name> {
  const layer: SettingsLayer<Name> = new Map();
  for (const name of namesOf(definition)) {
    const variable = definition.metaOf(name)?.env?.find((candidate) => env[candidate]);
    if (variable) layer.set(name, { value: env[variable], from: `the environment variable ${variable}` });
  }
  return layer;
}

function configLayer<Name extends string>(
  definition: AnyDefinition<Name>,
  config: object | undefined,
  from: string,
): SettingsLayer<Name> {
  const layer: SettingsLayer<Name> = new Map();
  const spellings = spellingsOf(definition);
  for (const [key, value] of Object.entries(config ?? {})) {
    if (value === undefined || value === null) continue;
    const name = spellings.get(key);
    if (!name) throw unknownKey(key, from, definition.target, spellings.keys());
    if (layer.has(name)) {
      throw new DeploymentError(
        "INVALID_PARAMETER_VALUE",
        `The setting ${name} is given twice in ${from}: "${key}" is another name of it.`,
      );
    }
    layer.set(name, { value, from: `${key} in ${from}` });
  }
  return layer;
}

function unknownKey(key: string, from: string, target: string, known: Iterable<string>): DeploymentError {
  const meant = nearest(key, known);
  const hint = meant ? `Did you mean ${meant}?` : "The target's help lists all settings.";
  return new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `"${key}" in ${from} is no setting of the ${target} target. ${hint}`,
  );
}

function reason(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") return `must be one of ${issue.values.map(String).join(", ")}`;
  if (issue.code === "invalid_type" && issue.message.startsWith("Invalid input"))
    return `must be of type ${issue.expected}`;
  return issue.message;
}
