import { helpText } from "../../settings/help.js";
import { localSettings } from "./settings.js";

/** The target's help: what it is, how it is addressed, and every setting. */
export function targetHelp(): string {
  return helpText(
    `Deploys MLflow models to processes of this machine, which go on when the program that made them has ended.

The target is local. A setting is taken from config (in camelCase or snake_case), then from the environment.`,
    localSettings,
  );
}
