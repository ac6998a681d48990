import type { BatchInputFormat, BatchJob } from "../batch.js";
import type { StepContext } from "../progress.js";
import type { VersionName } from "../record.js";

/** Predictions of many rows, from files to files: jobs of the platform's own, which no process has to wait for. */
export interface BatchService {
  /** Starts a job. Twice makes two: where the answer was lost, `list` shows whether there is one. */
  create(request: BatchRequest, context: StepContext): Promise<BatchJob>;
  /** The jobs that a filter lets through, over all pages. */
  list(filter: BatchFilter, context: StepContext): Promise<BatchJob[]>;
  /**
   * Waits until a job is over, however it ends.
   *
   * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST` when there is none; `CANCELLED` on `signal`, `DEADLINE_EXCEEDED` after
   * `timeoutSeconds`, after both of which the job goes on.
   */
  wait(name: string, options: BatchWaitOptions): Promise<BatchJob>;
  /** Asks the platform to stop a job; does nothing to one that is over. */
  cancel(name: string, context: Pick<StepContext, "signal">): Promise<void>;
}

/** Which batch jobs are wanted. */
export interface BatchFilter {
  /** Labels that they all have. */
  labels: Record<string, string>;
  /** Only those that are not over. Default: all. */
  unended?: boolean;
}

/** What a batch job is made from. */
export interface BatchRequest {
  /** For people. */
  displayName: string;
  /** The version that predicts. */
  version: Pick<VersionName, "model"> & { versionId: string | null };
  input: readonly string[];
  inputFormat: BatchInputFormat;
  output: string;
  parameters: Record<string, unknown> | null;
  /** Whether the model is sent each row as an object or as an array; null for the platform's default. */
  instanceType: "object" | "array" | null;
  /** The field of each row that is written beside its prediction and is not sent to the model; null for none. */
  keyField: string | null;
  machineType: string;
  accelerator: { type: string; count: number } | null;
  /** Machines at the start; null for the platform to decide. */
  startingReplicaCount: number | null;
  /** Null for the platform's default. */
  maxReplicaCount: number | null;
  /** Rows that a machine is sent at a time; null for the platform's default. */
  batchSize: number | null;
  serviceAccount: string | null;
  /** The customer-managed key that encrypts what the job keeps. */
  encryptionKey: string | null;
  labels: Record<string, string>;
}

/** How a batch job is waited for. */
export interface BatchWaitOptions {
  signal?: AbortSignal | undefined;
  /** Default: as long as it takes. */
  timeoutSeconds?: number | undefined;
  /** Called after every look at a job that is not over. */
  onPoll?: ((job: BatchJob, elapsedSeconds: number) => void) | undefined;
}
