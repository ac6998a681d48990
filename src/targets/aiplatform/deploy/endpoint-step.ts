import { DeploymentError } from "../../../core/errors.js";
import type { Endpoint } from "../../../core/services.js";
import type { ResumableStep } from "../../../rollout/resumable-step.js";
import type { Call } from "../call.js";
import { deploymentLabels } from "../spec.js";

/**
 * The endpoint that a deployment owns.
 *
 * @param isAbsent - Whether it is known not to be there.
 */
export function endpointStep(
  name: string,
  isAbsent: boolean,
  { services, settings, context }: Call,
): ResumableStep<Endpoint> {
  const { endpointManager, names } = services;
  const id = names.endpointId(name);
  const dedicated = settings.endpointType === "dedicated";
  const encryptionKey = settings.encryptionSpecKeyName ?? null;
  const network = settings.network ?? null;
  return {
    step: "endpoint",
    what: `the endpoint ${id}`,
    isAbsent,
    find: async () => {
      const endpoint = await endpointManager.find(id, context);
      const fits =
        Boolean(endpoint?.dedicatedHost) === dedicated &&
        (endpoint?.encryptionKey ?? null) === encryptionKey &&
        (endpoint?.network ?? null) === network;
      if (!endpoint || fits) return endpoint;
      if (endpoint.deployedModels.length > 0) throw occupied(name, endpoint);
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
          network,
          description: settings.endpointDescription ?? null,
          inferenceTimeout: settings.inferenceTimeout ?? null,
        },
        context,
      ),
  };
}

function occupied(name: string, { deployedModels }: Endpoint): DeploymentError {
  const others = deployedModels.map(({ id, displayName }) => `${id} (${displayName})`).join(", ");
  return new DeploymentError(
    "FAILED_PRECONDITION",
    `The endpoint of "${name}" has another type, network or key than is wanted, which no endpoint can change, and somebody has deployed ${others} on it. Undeploy that, or choose another name.`,
  );
}
