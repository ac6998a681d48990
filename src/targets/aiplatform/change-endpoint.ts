import { DeploymentError } from "../../core/errors.js";
import type { Endpoint } from "../../core/services.js";
import type { Call } from "./call.js";

/** So often others may change the endpoint between the read and the write of one change. */
const attempts = 8;

/**
 * Changes an endpoint from what it is at that moment: where somebody else was quicker, what they did stays, and the change
 * is worked out anew.
 *
 * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST` when it is gone; `RESOURCE_CONFLICT` when others never stop changing it.
 */
export async function changeEndpoint<T>(
  id: string,
  change: (endpoint: Endpoint) => Promise<T>,
  call: Call,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const endpoint = await call.services.endpointManager.find(id, call.context);
    if (!endpoint) {
      throw new DeploymentError(
        "RESOURCE_DOES_NOT_EXIST",
        `The endpoint ${id} is gone: it was deleted meanwhile. Run the same call again.`,
      );
    }
    try {
      return await change(endpoint);
    } catch (error) {
      const isConflict = DeploymentError.is(error) && error.code === "RESOURCE_CONFLICT";
      // a call whose lock another process has taken changes nothing more
      if (!isConflict || attempt >= attempts || call.context.signal?.aborted) throw error;
    }
  }
}
