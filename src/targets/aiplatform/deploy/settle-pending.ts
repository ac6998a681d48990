import type { Operation } from "../../../core/operation.js";
import type { PendingStep } from "../../../core/record.js";
import { waitFor } from "../../../rollout/resumable-step.js";
import type { Call } from "../call.js";
import type { Observed } from "../observe.js";

/**
 * Waits for what a dead process began and may still be on its way, where something else is wanted now. How it ends does
 * not matter: what it made is found afterwards.
 */
export async function settlePending(pending: PendingStep, { endpoint }: Observed, call: Call): Promise<void> {
  const { endpointManager, versionManager, clock } = call.services;
  const settle = async (operation: Operation<unknown>) => {
    const limits = { timeoutSeconds: call.settings.deployTimeout, clock };
    await waitFor(operation, pending, call.context, limits).catch((error: unknown) => {
      if (call.context.signal?.aborted) throw error;
    });
  };
  if (pending.operation !== null) {
    const operation = (pending.step === "version" ? versionManager : endpointManager).attach(pending.operation);
    if (pending.step === "deploy") await operation.cancel().catch(() => {}); // best effort, as the platform's own is
    await settle(operation);
    return;
  }
  if (endpoint === null) return;
  for (const operation of (await endpointManager.running(endpoint.id, call.context)) ?? []) await settle(operation);
}
