import { z } from "zod";

import type { SettingsDefinition } from "./definition.js";
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

/** Settings that are about the same. */
export interface SettingGroup<Name extends string = string> {
  title: string;
  settings: SettingHelp<Name>[];
}

type Described<Name extends string> = Pick<
  SettingsDefinition<Name, Partial<Record<Name, unknown>>>,
  "shape" | "groups" | "metaOf"
>;

/** All settings of a target, in groups. */
export function describeSettings<Name extends string>(definition: Described<Name>): SettingGroup<Name>[] {
  const json = z.toJSONSchema(z.object(definition.shape), { io: "output", unrepresentable: "any" }) as {
    properties: Record<Name, JsonProperty>;
  };
  return definition.groups.map(({ title, names }) => ({
    title,
    settings: names.map((name) => {
      const meta = definition.metaOf(name);
      return {
        name,
        description: meta?.description ?? "",
        type: typeName(json.properties[name]),
        default: meta?.defaultText ?? defaultName(json.properties[name].default),
        env: meta?.env ?? [],
        aliases: meta?.aliases ?? [],
      };
    }),
  }));
}

/**
 * A target's help: what it is and how it is addressed, then every setting.
 *
 * @param noteOf - What else there is to say of a setting.
 */
export function helpText<Name extends string>(
  introduction: string,
  definition: Described<Name>,
  noteOf: (name: Name) => string | null = () => null,
): string {
  const groups = describeSettings(definition).map(
    ({ title, settings }) => `${title}\n\n${settings.map((each) => settingText(each, noteOf(each.name))).join("\n")}`,
  );
  return `${introduction}\n\nSettings:\n\n${groups.join("\n\n")}\n`;
}

interface JsonProperty {
  type?: string;
  enum?: string[];
  default?: unknown;
}

function settingText(setting: SettingHelp, note: string | null): string {
  const facts = [
    setting.type,
    setting.default === null ? null : `default: ${setting.default}`,
    setting.env.length > 0 ? `environment: ${setting.env.join(", ")}` : null,
    setting.aliases.length > 0 ? `also: ${setting.aliases.map(snakeCase).join(", ")}` : null,
    note,
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
