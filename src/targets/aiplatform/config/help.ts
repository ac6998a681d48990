import { z } from "zod";

import { snakeCase } from "./names.js";
import { settingMeta } from "./setting-meta.js";
import { type SettingName, settingsShape } from "./settings.js";

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
}

/** All settings of the target, in the order of their declaration. */
export function describeSettings(): SettingHelp[] {
  const json = z.toJSONSchema(z.object(settingsShape), { io: "output", unrepresentable: "any" }) as {
    properties: Record<SettingName, { type?: string; enum?: string[]; default?: unknown }>;
  };
  return (Object.keys(settingsShape) as SettingName[]).map((name) => {
    const meta = settingMeta.get(settingsShape[name]);
    const property = json.properties[name];
    return {
      name,
      description: meta?.description ?? "",
      type: typeName(property),
      default: meta?.defaultText ?? defaultName(property.default),
      env: meta?.env ?? [],
      aliases: meta?.aliases ?? [],
    };
  });
}

/** The target's help: what it is, how it is addressed, and every setting. */
export function targetHelp(): string {
  const settings = describeSettings().map((setting) => {
    const facts = [
      setting.type,
      setting.default === null ? null : `default: ${setting.default}`,
      setting.env.length > 0 ? `environment: ${setting.env.join(", ")}` : null,
      setting.aliases.length > 0 ? `also: ${setting.aliases.map(snakeCase).join(", ")}` : null,
    ].filter((fact) => fact !== null);
    return `  ${setting.name}\n      ${setting.description}\n      (${facts.join("; ")})`;
  });
  return `Deploys MLflow models to Vertex AI.

The target is aiplatform, or aiplatform:/PROJECT/LOCATION. A setting is taken from the method's argument, then from
config (in camelCase or snake_case), then from the target URI, then from the environment; the project at last from the
Application Default Credentials.

Settings:

${settings.join("\n")}
`;
}

function typeName(property: { type?: string; enum?: string[] }): string {
  if (property.enum) return property.enum.join(" | ");
  if (property.type === "integer") return "whole number";
  if (property.type === "boolean") return "true or false";
  return property.type === "object" ? "table of text" : "text";
}

function defaultName(value: unknown): string | null {
  if (value === undefined) return null;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text === "{}" ? null : text;
}
