import type { CreatedDeployment } from "../../../core/deployment.js";
import { DeploymentError } from "../../../core/errors.js";
import { checkPort } from "../../../runtime/port.js";
import { specDifferences } from "../../../rollout/spec-differences.js";
import { withWorkDirectory } from "../../work-directory.js";
import type { Call } from "../call.js";
import { describeDeployment, existing, observe, serves, servingSpec } from "../live-state.js";
import { applyChange } from "./apply.js";
import { withDeploymentLock } from "./lock.js";
import { wantedByCreate } from "./wanted.js";

/** What is to be deployed, and under which name. */
export interface CreateRequest {
  name: string;
  modelUri: string;
  flavor: string | null;
  message: string | null;
}

/** From an MLflow model to a process that serves it; one that is there already is left as it is. */
export async function createDeployment(request: CreateRequest, call: Call): Promise<CreatedDeployment> {
  const { name, message } = request;
  await call.data.make();
  return withDeploymentLock(name, call, async () => {
    const observed = await observe(name, call);
    if (!observed) await checkPort(call.settings.port);
    return withWorkDirectory(call.settings.tmpDir ?? call.data.work, async (directory) => {
      const wanted = await wantedByCreate(name, request, directory, call);
      if (observed?.record.completedAt) {
        const there = servingSpec(observed);
        if (there.specHash !== wanted.spec.specHash) {
          const differences = specDifferences(there, wanted.spec).join("; ");
          throw new DeploymentError(
            "RESOURCE_ALREADY_EXISTS",
            `There is another deployment "${name}" (${differences}). Use updateDeployment to change it, or another name.`,
          );
        }
        if (serves(observed.status, there)) return { ...describeDeployment(observed), changed: false };
      }
      await applyChange({ action: "create", name, wanted, message, workDirectory: directory.root }, observed, call);
      return { ...describeDeployment(await existing(name, call)), changed: true };
    });
  });
}
