import type { Endpoint } from "../../../core/services.js";
import type { RecordSession } from "../../../rollout/record-session.js";
import { completeStep, type StepLimits } from "../../../rollout/resumable-step.js";
import type { Call } from "../call.js";

/** Undeploys what has no traffic any more, one after the other, and gives the endpoint as it is then. */
export async function undeploy(
  endpoint: Endpoint,
  deployedModelIds: readonly string[],
  session: RecordSession,
  call: Call,
  limits: StepLimits,
): Promise<Endpoint> {
  const { services, context } = call;
  const { endpointManager } = services;
  let current: Endpoint | null = endpoint;
  for (const id of deployedModelIds) {
    const model = endpoint.deployedModels.find((candidate) => candidate.id === id);
    await completeStep<true>(
      {
        step: "undeploy",
        what: `version ${model?.modelVersionId ?? "unknown"} (${id}) off the endpoint ${endpoint.id}`,
        find: async () => {
          current = await endpointManager.find(endpoint.id, context);
          return current?.deployedModels.some((candidate) => candidate.id === id) ? null : true;
        },
        running: () => endpointManager.running(endpoint.id, context),
        attach: (operation) => endpointManager.attach(operation),
        start: async () => {
          const operation = await endpointManager.undeploy(current ?? endpoint, id, context);
          return { ...operation, wait: async (options) => (await operation.wait(options), true as const) };
        },
      },
      session,
      context,
      limits,
    );
  }
  return (deployedModelIds.length > 0 ? await endpointManager.find(endpoint.id, context) : current) ?? endpoint;
}
