import type { Deployment } from "../../core/deployment.js";
import type { Call } from "./call.js";
import { describeDeployment, existing, observe } from "./live-state.js";
import { lastLines } from "./supervisor/log-file.js";

/** All deployments, sorted by name, without their history. */
export async function listDeployments(call: Call): Promise<Deployment[]> {
  const directories = await call.data.list();
  const observed = await Promise.all(directories.map(({ name }) => observe(name, call)));
  return observed.flatMap((each) => (each ? { ...describeDeployment(each), history: [] } : []));
}

/** One deployment, with its history. */
export async function getDeployment(name: string, call: Call): Promise<Deployment> {
  return describeDeployment(await existing(name, call));
}

/** The last lines that its processes wrote. */
export async function getLogs(name: string, lines: number, call: Call): Promise<string[]> {
  const { directory } = await existing(name, call);
  return lastLines(directory.logs, lines);
}
