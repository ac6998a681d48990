import { readFile } from "node:fs/promises";

import { DeploymentError } from "../core/errors.js";
import { UsageError } from "./usage-error.js";

/**
 * The settings of `-C NAME=VALUE`, by MLflow's rules: split at the first `=`, every value a text.
 *
 * @throws UsageError for one without `=`; DeploymentError `INVALID_PARAMETER_VALUE` for a name that is given twice
 */
export function typedConfig(pairs: readonly string[]): Record<string, string> {
  const config = new Map<string, string>();
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    if (equals === -1) {
      throw new UsageError(
        "Config options must be a pair and should be provided as ``-C key=value`` or ``--config key=value``",
      );
    }
    const name = pair.slice(0, equals);
    if (config.has(name)) throw invalid(`Repeated parameter: '${name}'`);
    config.set(name, pair.slice(equals + 1));
  }
  return Object.fromEntries(config);
}

/**
 * The settings of a YAML (or JSON) file: one table of them, whose values may be tables and lists.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for a file that cannot be read, is no YAML, or is no table
 */
export async function configOfFile(path: string): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw invalid(`The config file ${path} cannot be read: ${reason(error)}`, error);
  }
  const { parse } = await import("yaml");
  let content: unknown;
  try {
    content = parse(text);
  } catch (error) {
    throw invalid(`The config file ${path} is not valid YAML: ${reason(error).split("\n")[0]}`, error);
  }
  if (content === null) return {};
  if (typeof content !== "object" || Array.isArray(content)) {
    throw invalid(`The config file ${path} must hold a table of settings, such as \`machineType: n1-standard-4\`.`);
  }
  return content as Record<string, unknown>;
}

/** Both, where the typed ones win in whichever of the spellings `machineType` and `machine_type`. */
export function mergedConfig(
  file: Readonly<Record<string, unknown>>,
  typed: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const won = new Set(Object.keys(typed).map(camelCase));
  const rest = Object.entries(file).filter(([name]) => !won.has(camelCase(name)));
  return { ...Object.fromEntries(rest), ...typed };
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function invalid(message: string, cause?: unknown): DeploymentError {
  return new DeploymentError("INVALID_PARAMETER_VALUE", message, { cause });
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
