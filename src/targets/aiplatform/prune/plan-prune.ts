import { DeploymentError } from "../../../core/errors.js";
import type { PruneOptions } from "../../../core/options.js";
import type { StepContext } from "../../../core/progress.js";
import type { PruneItem } from "../../../core/prune.js";
import type { Call } from "../call.js";
import type { AiPlatformConfig } from "../config/index.js";
import { findAll, type Prunables } from "./prunable.js";

/** What of all that this package made no deployment needs any more, in the order in which `prune` deletes it. */
export async function planPrune(options: PruneOptions<AiPlatformConfig>, call: Call): Promise<PruneItem[]> {
  const { prunables, unreadable } = await findAll(keptVersions(options), call);
  warnOfUnreadable(unreadable, call.context);
  return prunables.map(({ item }) => item);
}

/** The option `keepVersions`, checked. */
export function keptVersions({ keepVersions = 0 }: PruneOptions<AiPlatformConfig>): number {
  if (Number.isSafeInteger(keepVersions) && keepVersions >= 0) return keepVersions;
  throw new DeploymentError("INVALID_PARAMETER_VALUE", "keepVersions must be a whole number, 0 or more.");
}

/** Says why almost nothing can be pruned. */
export function warnOfUnreadable(unreadable: Prunables["unreadable"], { report }: StepContext): void {
  if (unreadable.length === 0) return;
  const message =
    "Nothing but the records of deployments that were deleted long ago can be pruned, since the record of some deployment cannot be read, and it may need anything.";
  report({ type: "warning", message: [message, ...unreadable.map((error) => error.message)].join("\n") });
}
