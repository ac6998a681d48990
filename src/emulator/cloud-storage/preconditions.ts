import type { ObjectResource } from "./object-store.js";
import { badRequest, conditionNotMet } from "./storage-error.js";

/** Conditions under which a request takes effect ("Request preconditions" in Cloud Storage's documents). */
export interface Preconditions {
  generationMatch?: string;
  generationNotMatch?: string;
  metagenerationMatch?: string;
  metagenerationNotMatch?: string;
}

type State = Pick<ObjectResource, "generation" | "metageneration">;

/** @param prefix `ifSource` for the conditions on what a copy reads. */
export function parsePreconditions(query: URLSearchParams, prefix: "if" | "ifSource" = "if"): Preconditions {
  const parsed: Preconditions = {};
  const take = (key: keyof Preconditions, parameter: string) => {
    const value = query.get(`${prefix}${parameter}`);
    if (value === null) return;
    if (!/^-?\d+$/.test(value)) throw badRequest(`Invalid value for ${prefix}${parameter}: ${value}`);
    parsed[key] = value;
  };
  take("generationMatch", "GenerationMatch");
  take("generationNotMatch", "GenerationNotMatch");
  take("metagenerationMatch", "MetagenerationMatch");
  take("metagenerationNotMatch", "MetagenerationNotMatch");
  return parsed;
}

/**
 * Checks against what there is now; `undefined` is no live object, whose generation is 0.
 *
 * @throws StorageError 412 `conditionNotMet`.
 */
export function requirePreconditions(conditions: Preconditions, current: State | undefined): void {
  if (!matches(conditions, current) || isUnmodified(conditions, current)) throw conditionNotMet();
}

/** Whether a read is to answer 304, its caller having this version already. */
export function isUnmodified(conditions: Preconditions, current: State | undefined): boolean {
  const { generation, metageneration } = numbers(current);
  return generation === conditions.generationNotMatch || metageneration === conditions.metagenerationNotMatch;
}

/** The half of the conditions that says which version must be there. @throws StorageError 412 `conditionNotMet`. */
export function requireMatch(conditions: Preconditions, current: State | undefined): void {
  if (!matches(conditions, current)) throw conditionNotMet();
}

function matches(conditions: Preconditions, current: State | undefined): boolean {
  const { generation, metageneration } = numbers(current);
  const { generationMatch = generation, metagenerationMatch = metageneration } = conditions;
  return generationMatch === generation && metagenerationMatch === metageneration;
}

function numbers(current: State | undefined): State {
  return current ?? { generation: "0", metageneration: "0" };
}
