import type { CreateDeploymentOptions } from "../../core/options.js";
import * as given from "../arguments.js";
import type { Call } from "./call.js";
import type { AiPlatformConfig } from "./config/index.js";

export { checkedMessage } from "../arguments.js";

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
  if (!modelUri)
    throw given.missingParameter("modelUri", "config.runId, or the environment variable run_id or MLFLOW_RUN_ID");
  return {
    name,
    modelUri,
    flavor: options.flavor ?? null,
    endpoint: options.endpoint ?? null,
    message: given.checkedMessage(options.message),
  };
}

/** The name of a deployment, from the call or from settings. */
export function checkedName(name: string | undefined): string {
  if (name !== undefined) return given.checkedName(name);
  throw given.missingParameter("name", "config.modelName, or the environment variable model_name");
}
