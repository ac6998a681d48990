import type { Operation } from "../../../core/operation.js";
import type { DeploymentStep } from "../../../core/progress.js";
import type { PendingStep, VersionName } from "../../../core/record.js";
import { waitFor } from "../../../rollout/resumable-step.js";
import type { Call } from "../call.js";

/** The steps that start an operation on the endpoint. */
const onEndpoint: readonly DeploymentStep[] = ["endpoint", "deploy", "undeploy", "settings"];

/**
 * Waits for what a dead process began and may still be on its way, where something else is wanted now. How it ends does
 * not matter: what it made is found afterwards.
 *
 * @param endpointId - The endpoint that it was at work on.
 * @returns The version that it made, where it was one.
 */
export async function settlePending(pending: PendingStep, endpointId: string, call: Call): Promise<VersionName | null> {
  const { endpointManager, versionManager } = call.services;
  if (pending.step === "version") {
    // without a name it is not waited for: the version that may come is one more that nothing needs, which prune takes
    return pending.operation === null ? null : settle(versionManager.attach(pending.operation), pending, call);
  }
  if (pending.operation !== null) {
    const operation = endpointManager.attach(pending.operation);
    if (pending.step === "deploy") await operation.cancel().catch(() => {}); // best effort, as the platform's own is
    await settle(operation, pending, call);
  } else if (onEndpoint.includes(pending.step)) {
    // which of the endpoint's operations it is, nothing tells
    for (const running of (await endpointManager.running(endpointId, call.context)) ?? [])
      await settle(running, pending, call);
  }
  return null;
}

/** The result of an operation; null when it failed. */
export async function settle<T>(
  operation: Operation<T>,
  step: Pick<PendingStep, "step">,
  call: Call,
): Promise<T | null> {
  const limits = { timeoutSeconds: call.settings.deployTimeout, clock: call.services.clock };
  try {
    return await waitFor(operation, step, call.context, limits);
  } catch (error) {
    if (call.context.signal?.aborted) throw error;
    return null;
  }
}
