import { z } from "zod";

import { snakeCase } from "./names.js";
import { settingMeta } from "./setting-meta.js";
import { settingGroups, type SettingName, settingsShape } from "./settings.js";

/** One setting, described for a person. */
export interface SettingHelp {
  name: SettingName;
  description: string;
  /** `text`, `whole number`, `true or false`, `table`, or the allowed values. */
  type: string;
  /** What is used when nothing is said; null when nothing is. */
  default: string | null;
  /** Environment variables, strongest first. */
  env: string[];
  /** Other names in `config`. */
  aliases: string[];
  /** The only platform that has it; null for both. */
  platform: "vertex" | "legacy" | null;
}

/** Settings that are about the same. */
export interface SettingGroup {
  title: string;
  settings: SettingHelp[];
}

/** All settings of the target, in groups. */
export function describeSettings(): SettingGroup[] {
  const json = z.toJSONSchema(z.object(settingsShape), { io: "output", unrepresentable: "any" }) as {
    properties: Record<SettingName, JsonProperty>;
  };
  return settingGroups.map(({ title, names }) => ({
    title,
    settings: names.map((name) => describeSetting(name, json.properties[name])),
  }));
}

/** The target's help: what it is, how it is addressed, and every setting. */
export function targetHelp(): string {
  const groups = describeSettings().map(({ title, settings }) => `${title}\n\n${settings.map(settingText).join("\n")}`);
  return `Deploys MLflow models to Vertex AI.

The target is aiplatform, or aiplatform:/PROJECT/LOCATION. A setting is taken from the method's argument, then from
config (in camelCase or snake_case), then from the target URI, then from the environment; the project at last from the
Application Default Credentials.

Settings:

${groups.join("\n\n")}
`;
}

interface JsonProperty {
  type?: string;
  enum?: string[];
  default?: unknown;
}

function describeSetting(name: SettingName, property: JsonProperty): SettingHelp {
  const meta = settingMeta.get(settingsShape[name]);
  return {
    name,
    description: meta?.description ?? "",
    type: typeName(property),
    default: meta?.defaultText ?? defaultName(property.default),
    env: meta?.env ?? [],
    aliases: meta?.aliases ?? [],
    platform: meta?.platform ?? null,
  };
}

function settingText(setting: SettingHelp): string {
  const facts = [
    setting.type,
    setting.default === null ? null : `default: ${setting.default}`,
    setting.env.length > 0 ? `environment: ${setting.env.join(", ")}` : null,
    setting.aliases.length > 0 ? `also: ${setting.aliases.map(snakeCase).join(", ")}` : null,
    setting.platform === null ? null : `platform: ${setting.platform} only`,
  ].filter((fact) => fact !== null);
  return `  ${setting.name}\n      ${setting.description}\n      (${facts.join("; ")})`;
}

function typeName(property: JsonProperty): string {
  if (property.enum) return property.enum.join(" | ");
  if (property.type === "integer") return "whole number";
  if (property.type === "boolean") return "true or false";
  if (property.type === "array") return "list of text";
  return property.type === "object" ? "table" : "text";
}

function defaultName(value: unknown): string | null {
  if (value === undefined) return null;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text === "{}" ? null : text;
}
