import type { Call } from "../call.js";
import { removeAll } from "./apply.js";
import { withDeploymentLock } from "./lock.js";

/** Ends a deployment's processes, and removes its files. One that does not exist is no failure. */
export async function deleteDeployment(name: string, call: Call): Promise<void> {
  const { data, context } = call;
  const directory = data.deployment(name);
  const report = (status: "done" | "skipped", message: string) =>
    context.report({ type: "step", step: "delete", status, message });
  if (!directory.exists()) return report("skipped", `there is no deployment "${name}"`);
  await withDeploymentLock(name, call, () => removeAll(directory));
  report("done", `the deployment "${name}"`);
}
