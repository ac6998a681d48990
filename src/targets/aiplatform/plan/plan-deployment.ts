import { DeploymentError } from "../../../core/errors.js";
import type { PlanDeploymentOptions } from "../../../core/options.js";
import type { DeploymentPlan } from "../../../core/plan.js";
import type { Call } from "../call.js";
import type { AiPlatformConfig } from "../config/index.js";

export async function planDeployment(
  _options: PlanDeploymentOptions<AiPlatformConfig>,
  _call: Call,
): Promise<DeploymentPlan> {
  throw new DeploymentError("NOT_IMPLEMENTED", "planDeployment is being written.");
}
