import type { z } from "zod";

import { DeploymentError } from "../../../core/errors.js";
import type { TargetUri } from "../../../core/target-uri.js";
import { canonicalNames, nearestName } from "./names.js";
import { settingMeta } from "./setting-meta.js";
import { type AiPlatformSettings, eachSetting, settingsSchema } from "./setting-rules.js";
import { type SettingName, settingsShape } from "./settings.js";

/** Where settings come from, strongest first: the call's `config`, the client's, the target URI, the environment. */
export interface SettingSources {
  callConfig?: object | undefined;
  clientConfig?: object | undefined;
  target: TargetUri;
  env: NodeJS.ProcessEnv;
}

/** The settings of one call, and which of them somebody has named. */
export interface LoadedSettings {
  settings: AiPlatformSettings;
  given: ReadonlySet<SettingName>;
  /** Of these, those that a variable of the environment alone names. */
  ambient: ReadonlySet<SettingName>;
}

/**
 * Brings the settings of one call together and checks them.
 *
 * @param rules - `each`: only each setting by itself, for a call that completes them by what is there already and then
 * checks them together.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` that names the setting, where its value came from, and what is
 * allowed; for an unknown key, the nearest known one.
 */
export function loadSettings(sources: SettingSources, rules: "all" | "each" = "all"): LoadedSettings {
  const configs = [configLayer(sources.clientConfig, "the client's config"), configLayer(sources.callConfig, "config")];
  const environment = environmentLayer(sources.env);
  const layers: Layer[] = [environment, targetLayer(sources.target), ...configs];
  const merged = new Map<SettingName, { value: unknown; from: string }>();
  for (const layer of layers) for (const [name, entry] of layer) merged.set(name, entry);

  const values = Object.fromEntries([...merged].map(([name, entry]) => [name, entry.value]));
  const settings = checkSettings(values, (name) => merged.get(name)?.from, rules);
  for (const layer of configs) checkPlatform(layer, settings.platform);
  const ambient = [...environment].filter(([name, entry]) => merged.get(name) === entry).map(([name]) => name);
  return { settings, given: new Set(merged.keys()), ambient: new Set(ambient) };
}

/**
 * Checks settings, and fills in the defaults.
 *
 * @param fromOf - Where a value came from, for the message.
 * @param rules - As `loadSettings` takes it.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE`.
 */
export function checkSettings(
  values: Partial<Record<SettingName, unknown>>,
  fromOf: (name: SettingName) => string | undefined = () => undefined,
  rules: "all" | "each" = "all",
): AiPlatformSettings {
  const result = (rules === "all" ? settingsSchema : eachSetting).safeParse(values);
  if (result.success) return result.data;
  throw invalid(result.error, fromOf);
}

/**
 * The value of a setting that a method cannot do without.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` that names the parameter and its environment variables.
 */
export function required<Name extends SettingName>(
  settings: AiPlatformSettings,
  name: Name,
): NonNullable<AiPlatformSettings[Name]> {
  const value = settings[name];
  if (value !== undefined && value !== null) return value;
  const meta = settingMeta.get(settingsShape[name]);
  const variables = meta?.env?.length ? `, or set the environment variable ${meta.env.join(" or ")}` : "";
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The setting ${name} is missing. Pass it as config.${name}${variables}.`,
  );
}

type Layer = Map<SettingName, { value: unknown; from: string }>;

function environmentLayer(env: NodeJS.ProcessEnv): Layer {
  const layer: Layer = new Map();
  for (const name of Object.keys(settingsShape) as SettingName[]) {
    const variable = settingMeta.get(settingsShape[name])?.env?.find((candidate) => env[candidate]);
    if (variable) layer.set(name, { value: env[variable], from: `the environment variable ${variable}` });
  }
  return layer;
}

function targetLayer(target: TargetUri): Layer {
  const [projectId, location, ...rest] = target.path;
  if (rest.length > 0) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `The target URI "${target.uri}" has too many parts: it is ${target.target}:/PROJECT/LOCATION.`,
    );
  }
  const layer: Layer = new Map();
  if (projectId) layer.set("projectId", { value: projectId, from: "the target URI" });
  if (location) layer.set("location", { value: location, from: "the target URI" });
  return layer;
}

function configLayer(config: object | undefined, from: string): Layer {
  const layer: Layer = new Map();
  for (const [key, value] of Object.entries(config ?? {})) {
    if (value === undefined || value === null) continue;
    const name = canonicalNames.get(key);
    if (!name) throw unknownKey(key, from);
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

/** Refuses what the other platform alone has; a variable of the environment may be there for another program. */
function checkPlatform(layer: Layer, platform: AiPlatformSettings["platform"]): void {
  for (const [name, { from }] of layer) {
    const only = settingMeta.get(settingsShape[name])?.platform;
    if (only === undefined || only === platform) continue;
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `Invalid setting: ${name} (${from}) is for platform: ${only} only, and this call is for platform: ${platform}. Leave one of the two out.`,
    );
  }
}

function unknownKey(key: string, from: string): DeploymentError {
  const nearest = nearestName(key);
  const hint = nearest ? `Did you mean ${nearest}?` : "The target's help lists all settings.";
  return new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `"${key}" in ${from} is no setting of the aiplatform target. ${hint}`,
  );
}

function invalid(error: z.ZodError, fromOf: (name: SettingName) => string | undefined): DeploymentError {
  const lines = error.issues.map((issue) => {
    const name = String(issue.path[0]) as SettingName;
    const from = fromOf(name);
    return `${issue.path.join(".")}${from ? ` (${from})` : ""} ${reason(issue)}`;
  });
  const text = `Invalid setting: ${lines.join("; ")}`;
  return new DeploymentError("INVALID_PARAMETER_VALUE", text.endsWith("?") ? text : `${text}.`);
}

function reason(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") return `must be one of ${issue.values.map(String).join(", ")}`;
  if (issue.code === "invalid_type" && issue.message.startsWith("Invalid input"))
    return `must be of type ${issue.expected}`;
  return issue.message;
}
