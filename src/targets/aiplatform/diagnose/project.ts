import { canonicalNames } from "../config/names.js";
import type { SettingSources } from "../config/load-settings.js";
import { settingMeta } from "../config/setting-meta.js";
import { settingsShape } from "../config/settings.js";
import { failed, type Finding, ok } from "./check.js";
import type { Place } from "./place.js";

/** Which project it is, and what says so. */
export async function project({ project: find }: Place, sources: SettingSources): Promise<Finding> {
  const id = await find();
  if (id !== null) return ok(`${id}, by ${sourceOf(sources)}.`);
  return failed(
    "No project is named, and the credentials belong to none.",
    "Pass config.projectId, or set the environment variable GOOGLE_CLOUD_PROJECT.",
  );
}

/** Strongest first, as settings are loaded. */
function sourceOf({ callConfig, clientConfig, target, env }: SettingSources): string {
  if (names(callConfig)) return "config";
  if (names(clientConfig)) return "the client's config";
  if (target.path[0]) return "the target URI";
  const variable = settingMeta.get(settingsShape.projectId)?.env?.find((name) => env[name]);
  return variable ? `the environment variable ${variable}` : "the credentials";
}

function names(config: object | undefined): boolean {
  return Object.entries(config ?? {}).some(
    ([key, value]) => canonicalNames.get(key) === "projectId" && value !== undefined && value !== null,
  );
}
