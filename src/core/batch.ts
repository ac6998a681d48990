/**
 * How the rows of a batch prediction are written: `jsonl` has a row on each line, `csv` a line of headings first;
 * `bigquery` is the only format of a `bq://` table. The others are the platform's own.
 */
export type BatchInputFormat = "jsonl" | "csv" | "bigquery" | "tf-record" | "tf-record-gzip" | "file-list";

/**
 * - `queued`, `pending`: waits for its turn, or for its machines. `running`: predicts. `paused`, `cancelling`: on its way.
 * - `succeeded`, `partially-succeeded`, `failed`, `cancelled`: over.
 */
export type BatchState =
  | "queued"
  | "pending"
  | "running"
  | "paused"
  | "cancelling"
  | "succeeded"
  | "partially-succeeded"
  | "failed"
  | "cancelled";

const ended: ReadonlySet<BatchState> = new Set(["succeeded", "partially-succeeded", "failed", "cancelled"]);

/** Whether nothing of a job changes any more. */
export function isEnded(state: BatchState): boolean {
  return ended.has(state);
}

/** How many rows have come how far; null where the platform does not say. */
export interface BatchCounts {
  successful: number | null;
  failed: number | null;
  /** Rows that were not predicted because the job ended before. */
  incomplete: number | null;
}

/** What kept a part of the rows from being predicted, in the platform's words. */
export interface BatchFailure {
  /** A code of `google.rpc.Code`, where the platform has one. */
  code: number | null;
  message: string;
}

/** A job that predicts rows of files or of a table, as the platform shows it. */
export interface BatchJob {
  /** The platform's full name of it, such as `projects/p/locations/l/batchPredictionJobs/1`. */
  name: string;
  state: BatchState;
  /** The registry model that predicts, by the platform's name, without a version. */
  model: string;
  modelVersionId: string | null;
  /** `gs://` files, or one `bq://` table. */
  input: string[];
  inputFormat: string;
  /** Below which the output was asked for. */
  output: string;
  /** What the job writes: a `gs://` directory, or a `bq://` table or dataset; null until the platform says it. */
  outputDirectory: string | null;
  counts: BatchCounts;
  /** Why parts of the rows have failed: at most 20. */
  partialFailures: BatchFailure[];
  /** Why the whole job has failed; null when it has not. */
  error: BatchFailure | null;
  labels: Record<string, string>;
  /** RFC 3339, as the platform gives it. */
  createTime: string | null;
  startTime: string | null;
  endTime: string | null;
}

/** What `predictBatch` gives: a job that is over, and has predicted at least a part of its rows. */
export interface BatchPrediction extends BatchJob {
  /** False when the same job was running already, and this call has waited for it. */
  started: boolean;
}
