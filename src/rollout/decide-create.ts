import type { DeploymentRecord, DeploymentSpec, RecordLock } from "../core/record.js";
import { specDifferences } from "./spec-differences.js";

/** What the platform shows of a deployment. */
export interface LiveDeployment {
  /** Whether its endpoint is there. */
  endpointExists: boolean;
  /** Whether anything is deployed on it. */
  hasDeployedModel: boolean;
  /** Whether what is deployed was made from the wanted spec. */
  matchesSpec: boolean;
  /** Whether what is deployed holds all the traffic. */
  hasAllTraffic: boolean;
}

/** What `createDeployment` is to do. */
export type CreateDecision =
  /** Nothing is there, or only what the wanted spec left unfinished. */
  | { action: "proceed" }
  /** The same is there, finished. */
  | { action: "unchanged" }
  /** Another one is there. */
  | { action: "conflict"; unfinished: boolean; differences: string[] }
  /** Another process is at work on it. */
  | { action: "locked"; lock: RecordLock };

/**
 * Decides what `createDeployment` does, from what the platform shows and what the record says. What runs is read from
 * the platform alone: where the two disagree, the platform wins.
 *
 * @param heldLock - The record's lock, where its holder still lives.
 */
export function decideCreate(
  wanted: DeploymentSpec,
  live: LiveDeployment,
  record: DeploymentRecord | null,
  heldLock: RecordLock | null,
): CreateDecision {
  if (heldLock) return { action: "locked", lock: heldLock };
  const recorded = record?.spec ?? null;
  if (live.hasDeployedModel) {
    if (!live.matchesSpec) {
      const known = recorded && recorded.specHash !== wanted.specHash ? recorded : null;
      return { action: "conflict", unfinished: false, differences: specDifferences(known, wanted) };
    }
    const recordIsDone = record === null || (record.completedAt !== null && recorded?.specHash === wanted.specHash);
    return live.hasAllTraffic && recordIsDone ? { action: "unchanged" } : { action: "proceed" };
  }
  // An operation of another spec may still be running: what it makes would stand beside ours.
  if (record?.pending && recorded && recorded.specHash !== wanted.specHash) {
    return { action: "conflict", unfinished: true, differences: specDifferences(recorded, wanted) };
  }
  return { action: "proceed" };
}
