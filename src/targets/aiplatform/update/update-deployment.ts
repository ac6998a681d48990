import { DeploymentError } from "../../../core/errors.js";
import type { UpdatedDeployment } from "../../../core/deployment.js";
import type { UpdateDeploymentOptions } from "../../../core/options.js";
import type { Call } from "../call.js";
import type { AiPlatformConfig } from "../config/index.js";

export async function updateDeployment(
  _options: UpdateDeploymentOptions<AiPlatformConfig>,
  _call: Call,
): Promise<UpdatedDeployment> {
  throw new DeploymentError("NOT_IMPLEMENTED", "updateDeployment is being written.");
}
