import type { Endpoint } from "../../../core/services.js";
import type { ResumableStep } from "../../../rollout/resumable-step.js";
import type { Call } from "../call.js";
import { deploymentLabels } from "../spec.js";

/** The endpoint that a deployment owns. */
export function endpointStep(name: string, { services, settings, context }: Call): ResumableStep<Endpoint> {
  const { endpointManager, names } = services;
  const id = names.endpointId(name);
  const dedicated = settings.endpointType === "dedicated";
  const encryptionKey = settings.encryptionSpecKeyName ?? null;
  return {
    step: "endpoint",
    what: `the endpoint ${id}`,
    find: async () => {
      const endpoint = await endpointManager.find(id, context);
      const fits =
        endpoint && (endpoint.dedicatedHost !== null) === dedicated && endpoint.encryptionKey === encryptionKey;
      if (!endpoint || fits || endpoint.deployedModels.length > 0) return endpoint;
      // left by an earlier attempt with other settings, which no endpoint can change
      await (
        await endpointManager.delete(endpoint, context)
      ).wait({ signal: context.signal, timeoutSeconds: settings.deployTimeout });
      return null;
    },
    running: () => endpointManager.running(id, context),
    attach: (operation) => endpointManager.attach(operation),
    start: () =>
      endpointManager.create(
        {
          id,
          displayName: name,
          labels: deploymentLabels(name, settings, names),
          dedicated,
          encryptionKey,
          network: settings.network ?? null,
          description: settings.endpointDescription ?? null,
          inferenceTimeout: settings.inferenceTimeout ?? null,
        },
        context,
      ),
  };
}
