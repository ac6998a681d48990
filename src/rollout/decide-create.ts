import type { DeploymentRecord, DeploymentSpec, RecordLock } from "../core/record.js";
import { specDifferences } from "./spec-differences.js";

/** What the platform shows of a deployment. */
export interface LiveDeployment {
  /** Whether anything is deployed on its endpoint. */
  hasDeployedModel: boolean;
  /** Whether what is deployed was made from the wanted spec. */
  matchesSpec: boolean;
  /** Whether what is deployed of the wanted spec has the traffic that it needs. */
  isServing: boolean;
}

/** What `createDeployment` is to do. */
export type CreateDecision =
  /** Nothing is there, or only what the wanted spec left unfinished. */
  | { action: "proceed" }
  /** The same is there, finished. */
  | { action: "unchanged" }
  /** Another one is there, or a call that makes another one was cut off. */
  | { action: "conflict"; unfinished: "create" | "update" | null; differences: string[] }
  /** It was being deleted. */
  | { action: "deleting" }
  /** Another process is at work on it. */
  | { action: "locked"; lock: RecordLock };

/**
 * Decides what `createDeployment` does, from what the platform shows and what the record says. What runs is read from
 * the platform alone: where the two disagree, the platform wins.
 *
 * @param record - Null where there is none, and for a deployment that was deleted.
 * @param heldLock - The record's lock, where its holder still lives.
 */
export function decideCreate(
  wanted: DeploymentSpec,
  live: LiveDeployment,
  record: DeploymentRecord | null,
  heldLock: RecordLock | null,
): CreateDecision {
  if (heldLock) return { action: "locked", lock: heldLock };
  if (record?.pending?.step === "delete") return { action: "deleting" };
  if (record?.update) {
    return { action: "conflict", unfinished: "update", differences: specDifferences(record.update.spec, wanted) };
  }
  const recorded = record?.spec ?? null;
  if (live.hasDeployedModel) {
    if (!live.matchesSpec) {
      const known = recorded && recorded.specHash !== wanted.specHash ? recorded : null;
      return { action: "conflict", unfinished: null, differences: specDifferences(known, wanted) };
    }
    // What can change while it serves is no part of the hash, but part of what the caller wants.
    const differences = recorded ? specDifferences(recorded, wanted) : [];
    if (record?.completedAt && differences.length > 0) return { action: "conflict", unfinished: null, differences };
    // Once finished, its traffic is its owner's to change.
    const finished =
      recorded === null ? live.isServing : Boolean(record?.completedAt) && recorded.specHash === wanted.specHash;
    return finished ? { action: "unchanged" } : { action: "proceed" };
  }
  // An operation of another spec may still be running: what it makes would stand beside ours.
  if (record?.pending && recorded && recorded.specHash !== wanted.specHash) {
    return { action: "conflict", unfinished: "create", differences: specDifferences(recorded, wanted) };
  }
  return { action: "proceed" };
}
