import { DeploymentError } from "../../core/errors.js";
import type { CreateDeploymentOptions } from "../../core/options.js";
import type { Call } from "./call.js";
import type { AiPlatformConfig } from "./config/index.js";

/** What is to be deployed, under which name, and where. */
export interface CreateRequest {
  name: string;
  modelUri: string;
  flavor: string | null;
  /** The shared endpoint, as the caller names it; null for one of the deployment's own. */
  endpoint: string | null;
  message: string | null;
}

/** The request of a call of `createDeployment`, whose parts may all come from settings. */
export function createRequest(options: CreateDeploymentOptions<AiPlatformConfig>, { settings }: Call): CreateRequest {
  const name = checkedName(options.name ?? settings.modelName);
  const modelUri = options.modelUri ?? (settings.runId === undefined ? undefined : `runs:/${settings.runId}`);
  if (!modelUri) throw missing("modelUri", "config.runId, or the environment variable run_id or MLFLOW_RUN_ID");
  return {
    name,
    modelUri,
    flavor: options.flavor ?? null,
    endpoint: options.endpoint ?? null,
    message: checkedMessage(options.message),
  };
}

/** Vertex AI's limit for display names, which hold a deployment's name: 128 characters of UTF-8. */
export function checkedName(name: string | undefined): string {
  if (name === undefined) throw missing("name", "config.modelName, or the environment variable model_name");
  // a lone surrogate (Cs) would come back as another character
  if (/^[^\p{Cc}\p{Cs}]{1,128}$/u.test(name) && name.trim() === name) return name;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The name ${JSON.stringify(name)} must have 1 to 128 characters, none of them a control character or an unpaired surrogate, and no space at either end.`,
  );
}

/** Characters: it is kept in a record that is read with each call. */
const longestMessage = 1000;

/** A caller's message as it is kept: one line of a terminal must be able to show it. */
export function checkedMessage(message: string | undefined): string | null {
  if (message === undefined || message.trim() === "") return null;
  const text = message.replace(/\p{Cc}+/gu, " ").trim();
  if (text.length <= longestMessage) return text;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The message has ${text.length} characters; at most ${longestMessage} are kept. Shorten it.`,
  );
}

function missing(parameter: string, otherwise: string): DeploymentError {
  return new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The parameter ${parameter} is missing. Pass it, or set ${otherwise}.`,
  );
}
