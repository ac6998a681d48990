import { DeploymentError, throwIfCancelled } from "../../../core/errors.js";
import type { PruneOptions } from "../../../core/options.js";
import type { PruneItem } from "../../../core/prune.js";
import type { Call } from "../call.js";
import type { AiPlatformConfig } from "../config/index.js";
import { kinds } from "./inventory.js";
import { keptVersions, warnOfUnreadable } from "./plan-prune.js";
import { findOfKind, type Prunable } from "./prunable.js";

/** How long what was found to be unneeded is taken to be so, or for as long as it took to find. Milliseconds. */
const freshMs = 10_000;
/** Objects that are deleted at once. */
const objectsAtOnce = 8;
/** Failures that the error shows; warnings have told of all. */
const shownFailures = 20;

/** What was deleted, and what could not be. */
interface Outcome {
  pruned: PruneItem[];
  failures: { item: PruneItem; error: DeploymentError }[];
  /** Whether it was said that records could not be read. */
  warned: boolean;
}

/** What of a kind is unneeded, by its name. */
type Look = () => Promise<Map<string, Prunable>>;

/**
 * Deletes items of a plan: versions, then the images and objects that they were made of. Each is looked at again right
 * before: what a deployment has come to need, or what is gone, is left out.
 *
 * @returns What was deleted.
 * @throws DeploymentError after all others are deleted, when some could not be; it names what stays.
 */
export async function prune(
  items: readonly PruneItem[],
  options: PruneOptions<AiPlatformConfig>,
  call: Call,
): Promise<PruneItem[]> {
  const keepVersions = keptVersions(options);
  const outcome: Outcome = { pruned: [], failures: [], warned: false };
  const named = new Map(items.map((item) => [item.name, item]));
  for (const kind of kinds) {
    const wanted = [...named.values()].filter((item) => item.kind === kind);
    if (wanted.length > 0) await pruneKind(wanted, freshLook(kind, keepVersions, outcome, call), outcome, call);
  }
  throwIfCancelled(call.context.signal, "Pruning");
  if (outcome.failures.length > 0) throw failed(outcome.failures, items.length);
  return outcome.pruned;
}

/** Deletes items of one kind, and adds to `outcome` how that went. */
async function pruneKind(items: readonly PruneItem[], look: Look, outcome: Outcome, call: Call): Promise<void> {
  const { signal } = call.context;
  const left = new Set(items);
  try {
    const unneeded = await look();
    const rank = (item: PruneItem) => unneeded.get(item.name)?.after.length ?? 0;
    const sorted = items.toSorted((a, b) => rank(a) - rank(b));
    for (const batch of batches(sorted, items[0]?.kind === "object" ? objectsAtOnce : 1)) {
      throwIfCancelled(signal, "Pruning");
      const found = await look();
      for (const item of batch) left.delete(item);
      await Promise.all(batch.map((item) => pruneItem(item, found.get(item.name), outcome, call)));
    }
  } catch (thrown) {
    throwIfCancelled(signal, "Pruning");
    // nothing of this kind goes without having been looked at
    for (const item of left) fail(item, thrown, outcome, call);
  }
}

async function pruneItem(item: PruneItem, found: Prunable | undefined, outcome: Outcome, call: Call): Promise<void> {
  if (!found) return say("skipped", `the ${item.kind} ${item.name} is gone, or needed by now`, call);
  const first = found.after.find((name) => !outcome.pruned.some((pruned) => pruned.name === name));
  if (first) return say("skipped", `the ${item.kind} ${item.name}: ${first} stays, of the same model`, call);
  try {
    await found.remove();
    outcome.pruned.push(found.item);
    say("done", `the ${item.kind} ${item.name}`, call);
  } catch (thrown) {
    fail(item, thrown, outcome, call);
  }
}

function fail(item: PruneItem, thrown: unknown, { failures }: Outcome, { context }: Call): void {
  const error = DeploymentError.from(thrown, `Deleting ${item.name}`);
  failures.push({ item, error });
  context.report({ type: "warning", message: `${item.name} stays: ${error.message}` });
}

/** Looks again when the last look is not fresh any more. */
function freshLook(kind: PruneItem["kind"], keepVersions: number, outcome: Outcome, call: Call): Look {
  const { clock } = call.services;
  let last: { until: number; found: Map<string, Prunable> } | undefined;
  return async () => {
    const start = clock.now();
    if (last && start < last.until) return last.found;
    const { prunables, unreadable } = await findOfKind(kind, keepVersions, call);
    if (!outcome.warned) warnOfUnreadable(unreadable, call.context);
    outcome.warned ||= unreadable.length > 0;
    const end = clock.now();
    const found = new Map(prunables.map((prunable) => [prunable.item.name, prunable]));
    last = { until: end + Math.max(freshMs, end - start), found };
    return found;
  };
}

function failed(failures: Outcome["failures"], total: number): DeploymentError {
  const codes = new Set(failures.map(({ error }) => error.code));
  const [first] = failures;
  const code = codes.size === 1 && first ? first.error.code : "INTERNAL_ERROR";
  const lines = failures.slice(0, shownFailures).map(({ item, error }) => `  ${item.name}: ${error.message}`);
  const more = failures.length - lines.length;
  if (more > 0) lines.push(`  and ${more} more`);
  return new DeploymentError(
    code,
    `${failures.length} of ${total} items could not be deleted, and stay; the others are gone. Run it again when the reasons are:\n${lines.join("\n")}`,
    { cause: first?.error, retryable: failures.every(({ error }) => error.retryable) },
  );
}

function say(status: "done" | "skipped", message: string, { context }: Call): void {
  context.report({ type: "step", step: "delete", status, message });
}

function batches<T>(all: readonly T[], size: number): T[][] {
  const count = Math.ceil(all.length / size);
  return Array.from({ length: count }, (_, index) => all.slice(index * size, (index + 1) * size));
}
