import { withDirectoryLock } from "../../../runtime/directory-lock.js";
import type { Call } from "../call.js";

/** Runs `work` while no other process changes the deployment. */
export function withDeploymentLock<T>(name: string, { data, context }: Call, work: () => Promise<T>): Promise<T> {
  const { report, signal } = context;
  const onWait = (owner: string) =>
    report({ type: "warning", message: `Waiting for ${owner}, which works on the deployment "${name}".` });
  return withDirectoryLock(data.lock(name), { onWait, ...(signal ? { signal } : {}) }, work);
}
