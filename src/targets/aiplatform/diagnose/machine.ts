import type { PythonInterpreter } from "../../../runtime/python.js";
import { failed, type Finding, fromError, ok } from "./check.js";

/** The oldest Node that this package runs on (`engines` of package.json). */
const oldestNode = [20, 19] as const;

/** Whether this Node is new enough. */
export function node(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isOld = major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1]);
  if (!isOld) return ok(`Node ${version}.`);
  return failed(`Node ${version} is too old.`, `Install Node ${oldestNode.join(".")} or newer.`);
}

/** Whether there is a Python that runLocal can use; a deployment needs none. */
export async function python(find: () => Promise<PythonInterpreter>): Promise<Finding> {
  try {
    const { path, version } = await find();
    return ok(`Python ${version} (${path}), for runLocal.`);
  } catch (error) {
    return fromError(error, "Install Python 3.10 or newer, if models are to run on this machine.", "warning");
  }
}
