import type { Deployment } from "../core/deployment.js";
import { DeploymentError } from "../core/errors.js";
import type { UpdateDeploymentOptions } from "../core/options.js";
import type { DeploymentPlan } from "../core/plan.js";
import { confirm } from "./confirm.js";
import { deploymentLines } from "./output/deployment-text.js";
import { planLines } from "./output/plan-text.js";
import { printable } from "./output/printable.js";
import { styleOf } from "./output/style.js";
import type { TargetCall } from "./target-command.js";

/**
 * Shows a deployment and what an update would change, and asks. Where nothing would change, or the update would be refused, there
 * is nothing to ask: the update itself says so.
 */
export async function confirmUpdate(call: TargetCall, request: UpdateDeploymentOptions): Promise<void> {
  const { client, options, io } = call;
  const { name, endpoint } = request;
  const deployment = await client.getDeployment({ ...options, name, endpoint });
  show(call, deploymentLines(deployment));
  const capabilities = await client.capabilities(options);
  if (capabilities.includes("plan")) {
    const plan: DeploymentPlan = await client.planDeployment({ ...options, ...request });
    if (plan.action === "none" || plan.action === "refuse") return;
    show(call, planLines(plan, styleOf(io, "stderr")));
  }
  await confirm(`Update deployment ${printable(name)}?`, io);
}

/** Shows a deployment that is to be deleted, and asks; of one that does not exist there is nothing to ask. */
export async function confirmDelete(
  call: TargetCall,
  { name, endpoint }: { name: string; endpoint: string | undefined },
): Promise<void> {
  let deployment: Deployment;
  try {
    deployment = await call.client.getDeployment({ ...call.options, name, endpoint });
  } catch (error) {
    if (DeploymentError.is(error) && error.code === "RESOURCE_DOES_NOT_EXIST") return;
    throw error;
  }
  show(call, deploymentLines(deployment));
  await confirm(`Delete deployment ${printable(name)}?`, call.io);
}

function show({ io }: TargetCall, lines: readonly string[]): void {
  for (const line of lines) io.err(line);
}
