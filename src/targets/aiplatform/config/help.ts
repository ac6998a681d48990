import { helpText } from "../../settings/help.js";
import { aiPlatformSettings } from "./definition.js";

/** The target's help: what it is, how it is addressed, and every setting. */
export function targetHelp(): string {
  return helpText(
    `Deploys MLflow models to Vertex AI.

The target is aiplatform, or aiplatform:/PROJECT/LOCATION. A setting is taken from the method's argument, then from
config (in camelCase or snake_case), then from the target URI, then from the environment; the project at last from the
Application Default Credentials.`,
    aiPlatformSettings,
  );
}
