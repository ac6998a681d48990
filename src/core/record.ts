import type { DeploymentStep } from "./progress.js";

/** What a deployment is made of, so that two can be told apart and the difference named. */
export interface DeploymentSpec {
  /** Over all below but the settings that can change while it serves: another hash needs another deployed model. Hex. */
  specHash: string;
  /** What the serving image holds. Hex. */
  environmentHash: string;
  /** Over the model's files: path, mode, SHA-256. Hex. */
  modelHash: string;
  /** The MLflow URI it came from; not part of the hash, since the same files may have two names. */
  modelUri: string;
  flavor: string | null;
  /** The settings that what is served depends on. */
  settings: Record<string, unknown>;
}

/** A request that was about to be sent, or whose operation was running, when the record was written. */
export interface PendingStep {
  step: DeploymentStep;
  /** RFC 3339. */
  startedAt: string;
  /** The operation's name; null while the request's answer is not known. */
  operation: string | null;
}

/** Which process works on a deployment. */
export interface RecordLock {
  /** Unique for each holder. */
  id: string;
  /** For a person: user, host and process id. */
  owner: string;
  /** What `pid` is unique in: host and process namespace. */
  host: string;
  pid: number;
  /** RFC 3339. */
  acquiredAt: string;
  /** RFC 3339; after this the lock is free. Renewed while the holder lives. */
  expiresAt: string;
}

/** What happened to a deployment, newest last. */
export interface HistoryEntry {
  /** RFC 3339. */
  at: string;
  action: "create" | "update" | "delete";
  outcome: "succeeded" | "failed";
  specHash: string;
  modelUri: string;
  modelVersionId: string | null;
  /** What the caller said of it. */
  message?: string;
  /** Why it failed. */
  error?: string;
  /** The number of the attempt that failed. */
  attempt?: number;
  /** The id of the call: {@link RecordLock.id}. */
  call?: string;
}

/** A version of the platform's model registry. */
export interface VersionName {
  /** The model's full name. */
  model: string;
  versionId: string;
}

/** What an update is on its way to. */
export interface RecordedUpdate {
  spec: DeploymentSpec;
  /** The registry version made of it; null until there is one. */
  version: VersionName | null;
  /** Which attempt to deploy this spec it is; part of the deployed model's id. */
  attempt: number;
}

/** What the platform itself cannot hold about a deployment. Lost, it loses history, never a deployment. */
export interface DeploymentRecord {
  schemaVersion: 1;
  name: string;
  /** Null where an earlier record was lost, and once it is deleted. */
  spec: DeploymentSpec | null;
  /** The id of the shared endpoint that it is on; null where it has one of its own. */
  endpoint: string | null;
  /** The registry version made of it; null until there is one. */
  version: VersionName | null;
  /** Which attempt to deploy this spec it is; part of the deployed model's id. */
  attempt: number;
  /** An update that is under way or was cut off, after which `spec`, `version` and `attempt` are its own. */
  update: RecordedUpdate | null;
  pending: PendingStep | null;
  /** RFC 3339; null until the deployment of `spec` is finished. */
  completedAt: string | null;
  /** RFC 3339; null unless the deployment was deleted: what is left is its history. */
  deletedAt: string | null;
  lock: RecordLock | null;
  history: HistoryEntry[];
}
