import { DeploymentError } from "../../../core/errors.js";
import type { DeploymentPlan, PlannedStep } from "../../../core/plan.js";
import { specDifferences } from "../../../rollout/spec-differences.js";
import { missingParameter } from "../../arguments.js";
import { withWorkDirectory } from "../../work-directory.js";
import type { Call } from "../call.js";
import { observe, type Observed, serves, servingSpec } from "../live-state.js";
import { bundleName } from "../spec.js";
import { readBundle } from "./install.js";
import { wantedByCreate, wantedByUpdate, type Wanted } from "./wanted.js";

/** What is planned: a create, or an update of what is there. */
export interface PlanRequest {
  name: string;
  modelUri: string | null;
  flavor: string | null;
}

/** What `createDeployment` would do, or `updateDeployment` where the deployment is there. */
export async function planDeployment(request: PlanRequest, call: Call): Promise<DeploymentPlan> {
  const { name } = request;
  const observed = await observe(name, call);
  return withWorkDirectory(call.settings.tmpDir, async (directory) => {
    if (!observed?.record.completedAt) {
      const { modelUri, flavor } = request;
      if (modelUri === null) throw missingParameter("modelUri", null);
      const wanted = await wantedByCreate(name, { modelUri, flavor }, directory, call);
      return {
        name,
        action: "create",
        reason: null,
        differences: [],
        steps: await steps(wanted, "create", null),
      };
    }
    try {
      const wanted = await wantedByUpdate(observed, request, directory, call);
      return await plannedUpdate(name, wanted, observed);
    } catch (error) {
      if (!DeploymentError.is(error) || error.code !== "INVALID_PARAMETER_VALUE") throw error;
      return { name, action: "refuse", reason: error.message, differences: [], steps: [] };
    }
  });
}

async function plannedUpdate(name: string, wanted: Wanted, observed: Observed): Promise<DeploymentPlan> {
  const isServed = serves(observed.status, wanted.spec);
  const differences = specDifferences(servingSpec(observed), wanted.spec);
  if (isServed) return { name, action: "none", reason: null, differences, steps: [] };
  return {
    name,
    action: "update",
    reason: observed.status?.serving ? null : "It does not run: its supervisor has ended.",
    differences,
    steps: await steps(wanted, "change", observed),
  };
}

async function steps(
  { spec, model }: Wanted,
  action: "create" | "change",
  observed: Observed | null,
): Promise<PlannedStep[]> {
  const isInstalled = observed !== null && (await readBundle(bundleName(spec), observed.directory)) !== null;
  const files = model ? `${model.files.length} files of ${spec.modelUri}` : `${spec.modelUri}, which is there`;
  return [
    { step: "resolve", action: model ? "create" : "skip", message: files },
    {
      step: "bundle",
      action: isInstalled ? "skip" : "create",
      message: `environment ${spec.environmentHash.slice(0, 12)}${isInstalled ? ", which is installed" : ""}`,
    },
    { step: "deploy", action, message: "a Python process of this machine, behind the deployment's port" },
  ];
}
