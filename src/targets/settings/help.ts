import { z } from "zod";

import { namesOf, type SettingsDefinition } from "./definition.js";
import { snakeCase } from "./setting-names.js";

/** One setting, described for a person. */
export interface SettingHelp<Name extends string = string> {
  name: Name;
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

type Described<Name extends string> = Pick<SettingsDefinition<Name, Record<Name, unknown>>, "shape" | "metaOf">;

/** All settings of a target, in the order of their declaration. */
export function describeSettings<Name extends string>(definition: Described<Name>): SettingHelp<Name>[] {
  const json = z.toJSONSchema(z.object(definition.shape), { io: "output", unrepresentable: "any" }) as {
    properties: Record<Name, { type?: string; enum?: string[]; default?: unknown }>;
  };
  return namesOf(definition).map((name) => {
    const meta = definition.metaOf(name);
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

/** A target's help: what it is and how it is addressed, then every setting. */
export function helpText<Name extends string>(introduction: string, definition: Described<Name>): string {
  const settings = describeSettings(definition).map((setting) => {
    const facts = [
      setting.type,
      setting.default === null ? null : `default: ${setting.default}`,
      setting.env.length > 0 ? `environment: ${setting.env.join(", ")}` : null,
      setting.aliases.length > 0 ? `also: ${setting.aliases.map(snakeCase).join(", ")}` : null,
    ].filter((fact) => fact !== null);
    return `  ${setting.name}\n      ${setting.description}\n      (${facts.join("; ")})`;
  });
  return `${introduction}\n\nSettings:\n\n${settings.join("\n")}\n`;
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
