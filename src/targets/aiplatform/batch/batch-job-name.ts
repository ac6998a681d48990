import { DeploymentError } from "../../../core/errors.js";
import type { Call } from "../call.js";

const jobName = /^projects\/([^/]+)\/locations\/([^/]+)\/batchPredictionJobs\/([^/]+)$/;

/** Whether an operation's name is that of a batch prediction. */
export function isBatchJobName(name: string): boolean {
  return jobName.test(name);
}

/** The last part of a job's name, by which its log is found. */
export function jobIdOf(name: string): string {
  return jobName.exec(name)?.[3] ?? "";
}

/**
 * Refuses a job that the settings of a call do not reach.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE`.
 */
export function checkJobPlace(name: string, { settings }: Call): void {
  const [, project, location] = jobName.exec(name) ?? [];
  // a project may be named by its number, which is not known here
  const isOwn = project === settings.projectId || /^\d+$/.test(project ?? "");
  if (isOwn && location === settings.location) return;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The batch prediction ${name} is not in project ${settings.projectId} and location ${settings.location}. Set projectId and location to its own.`,
  );
}
