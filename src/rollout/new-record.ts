import type { DeploymentRecord } from "../core/record.js";

/** The record of a deployment of which nothing is known. */
export function newRecord(name: string): DeploymentRecord {
  return {
    schemaVersion: 1,
    name,
    spec: null,
    endpoint: null,
    version: null,
    attempt: 0,
    update: null,
    pending: null,
    completedAt: null,
    deletedAt: null,
    lock: null,
    history: [],
  };
}
