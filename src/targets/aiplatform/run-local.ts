import { DeploymentError } from "../../core/errors.js";
import type { LocalServer, RunLocalOptions } from "../../core/local-server.js";
import type { TargetUri } from "../../core/target-uri.js";
import type { AiPlatformConfig } from "./config/index.js";

export async function runLocal(_target: TargetUri, _options: RunLocalOptions<AiPlatformConfig>): Promise<LocalServer> {
  throw new DeploymentError("NOT_IMPLEMENTED", "runLocal is being written.");
}
