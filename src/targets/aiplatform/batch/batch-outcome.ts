import type { BatchJob } from "../../../core/batch.js";
import { OperationFailedError } from "../../../core/operation.js";
import type { LogQuery } from "../../../core/services.js";
import type { Call } from "../call.js";
import { shownLog } from "../deploy/container-log.js";
import { jobIdOf } from "./batch-job-name.js";

/**
 * What a job that is over has come to. Rows that have failed are no failure, but a warning.
 *
 * @throws DeploymentError `FAILED_PRECONDITION` for a job that failed, with the platform's words and the end of its log;
 * `CANCELLED` for one that was cancelled.
 */
export async function batchOutcome(job: BatchJob, call: Call): Promise<BatchJob> {
  const { name, state, counts, partialFailures } = job;
  if (state === "failed") {
    const words = sentence(job.error?.message ?? "no reason was given");
    const log = await jobLog(job, call);
    throw new OperationFailedError(
      "FAILED_PRECONDITION",
      `The batch prediction ${name} failed: ${words}${written(job)}${log}`,
    );
  }
  if (state === "cancelled")
    throw new OperationFailedError("CANCELLED", `The batch prediction ${name} was cancelled.${written(job)}`);
  if (state === "partially-succeeded" || (counts.failed ?? 0) > 0 || partialFailures.length > 0)
    call.context.report({ type: "warning", message: partly(job) });
  return job;
}

/** The warning that some rows have no prediction. */
function partly({ name, counts, partialFailures, outputDirectory }: BatchJob): string {
  const rows =
    counts.failed === null ? "Some rows" : `${counts.failed} of ${(counts.successful ?? 0) + counts.failed} rows`;
  const first = partialFailures[0]?.message;
  const where = outputDirectory === null ? "" : ` The files of errors in ${outputDirectory} have each of them.`;
  return `${rows} of ${name} have no prediction${first ? `: ${sentence(first)}` : "."}${where}`;
}

function written({ outputDirectory, counts }: BatchJob): string {
  if (outputDirectory === null) return "";
  const rows = counts.successful ? `${counts.successful} predictions` : "what there is of predictions";
  return ` ${outputDirectory} holds ${rows}, and the files of errors.`;
}

/** The end of what the job's containers wrote; empty where it cannot be shown. */
async function jobLog(
  { name, model, modelVersionId, createTime }: BatchJob,
  { services, context }: Call,
): Promise<string> {
  if (modelVersionId === null || createTime === null) return "";
  // not the caller's signal: why it failed is what a caller that has stopped wants to know
  const { report } = context;
  const version = await services.versionManager.get(`${model}@${modelVersionId}`, { report }).catch(() => null);
  // without the version it is not known which values are not to be shown
  if (!version) return "";
  const read = async (query: LogQuery) => (await services.logReader.jobLog?.(jobIdOf(name), query, { report })) ?? [];
  return shownLog(createTime, version.env, read);
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
