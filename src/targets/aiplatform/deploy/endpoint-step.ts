import type { Endpoint } from "../../../core/services.js";
import type { ResumableStep } from "../../../rollout/resumable-step.js";
import type { Call } from "../call.js";
import { deploymentLabels } from "../spec.js";

/** The endpoint that a deployment owns. */
export function endpointStep(name: string, { services, settings, context }: Call): ResumableStep<Endpoint> {
  const { endpointManager, names } = services;
  const id = names.endpointId(name);
  return {
    step: "endpoint",
    what: `the endpoint ${id}`,
    find: () => endpointManager.find(id, context),
    running: (since) => endpointManager.running(id, since, context),
    attach: (operation) => endpointManager.attach(operation),
    start: () =>
      endpointManager.create(
        {
          id,
          displayName: name,
          labels: deploymentLabels(name, settings, names),
          dedicated: settings.endpointType === "dedicated",
          encryptionKey: settings.encryptionSpecKeyName,
        },
        context,
      ),
  };
}
