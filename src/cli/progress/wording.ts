import type { BatchCounts } from "../../core/batch.js";
import type { DeploymentStep, ProgressEvent } from "../../core/progress.js";

/** What a person calls the steps. */
export const stepLabels: Readonly<Record<DeploymentStep, string>> = {
  resolve: "Model in MLflow",
  bundle: "Bundle",
  upload: "Upload",
  image: "Image",
  model: "Registry",
  version: "Version",
  endpoint: "Endpoint",
  deploy: "Deploy",
  traffic: "Traffic",
  undeploy: "Undeploy",
  settings: "Settings",
  delete: "Delete",
  batch: "Batch",
};

/** `STARTING_MODEL_SERVER, 1m 04s`, or `running, 640 rows predicted, 3 failed, 1m 04s`. */
export function operationText({
  stage,
  elapsedSeconds,
  counts,
}: Extract<ProgressEvent, { type: "operation" }>): string {
  return [stage ?? "running", rowsText(counts), duration(elapsedSeconds)].filter(Boolean).join(", ");
}

/** `640 rows predicted, 3 failed`; empty where nothing of it is known. */
export function rowsText(counts: BatchCounts | undefined): string {
  const { successful = null, failed = null, incomplete = null } = counts ?? {};
  return [
    successful === null ? "" : `${successful} ${successful === 1 ? "row" : "rows"} predicted`,
    failed ? `${failed} failed` : "",
    incomplete ? `${incomplete} not reached` : "",
  ]
    .filter(Boolean)
    .join(", ");
}

type Transfer = Extract<ProgressEvent, { type: "transfer" }>;

/** `12.3 MB of 27.0 MB (45%)` */
export function transferred({ bytes, totalBytes }: Transfer): string {
  return `${size(bytes)} of ${size(totalBytes)} (${percent(bytes, totalBytes)}%)`;
}

export function percent(part: number, whole: number): number {
  return whole === 0 ? 100 : Math.floor((100 * part) / whole);
}

/** Bytes for a person: `12.3 MB`. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let unit = -1;
  let value = bytes;
  // 999.95 kB would be written as 1000.0
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
}

/** A time for a person: `8.2 s`, `2m 14s`, `1h 02m`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${two(Math.floor(seconds % 60))}s`;
  return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
