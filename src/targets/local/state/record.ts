import type { DeploymentSpec, HistoryEntry } from "../../../core/record.js";

/** A deployment as it is written down. It holds no value of an environment variable. */
export interface LocalRecord {
  schemaVersion: 1;
  name: string;
  /** What serves, or is to serve once it is complete. */
  spec: DeploymentSpec;
  /** What served before: requests may still be under way at it when the new one serves. */
  previous: DeploymentSpec | null;
  /** RFC 3339. */
  createTime: string;
  /** RFC 3339; null until it has served for the first time. */
  completedAt: string | null;
  /** The change that is under way, or was cut off. */
  pending: { action: "create" | "update"; pid: number; spec: DeploymentSpec } | null;
  history: HistoryEntry[];
}
