import type { UpdatedDeployment } from "../../../core/deployment.js";
import { withWorkDirectory } from "../../work-directory.js";
import type { Call } from "../call.js";
import { describeDeployment, existing, noDeployment, notRunning, observe, serves } from "../live-state.js";
import { applyChange } from "./apply.js";
import { withDeploymentLock } from "./lock.js";
import { wantedByUpdate } from "./wanted.js";

/** What is to change. */
export interface UpdateRequest {
  name: string;
  /** Null: the model stays. */
  modelUri: string | null;
  flavor: string | null;
  message: string | null;
}

/** Has another model or other settings served, in place of what serves and without a request that fails. */
export async function updateDeployment(request: UpdateRequest, call: Call): Promise<UpdatedDeployment> {
  const { name, message } = request;
  // before the lock, which is a directory of its own
  if (!(await observe(name, call))) throw noDeployment(name);
  return withDeploymentLock(name, call, async () => {
    const observed = await existing(name, call);
    if (observed.record.completedAt === null) throw notRunning(name);
    return withWorkDirectory(call.settings.tmpDir ?? call.data.work, async (directory) => {
      const wanted = await wantedByUpdate(observed, request, directory, call);
      const isServed = serves(observed.status, wanted.spec);
      // an update that was cut off after its last step still has to be written down
      const isWritten = observed.record.spec.specHash === wanted.spec.specHash && observed.record.pending === null;
      if (isServed && isWritten) return { ...describeDeployment(observed), changed: false };
      await applyChange({ action: "update", name, wanted, message, workDirectory: directory.root }, observed, call);
      return { ...describeDeployment(await existing(name, call)), changed: true };
    });
  });
}
