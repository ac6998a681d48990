import { DeploymentError } from "../../../core/errors.js";
import type { PruneOptions } from "../../../core/options.js";
import type { PruneItem } from "../../../core/prune.js";
import type { Call } from "../call.js";
import type { AiPlatformConfig } from "../config/index.js";

export async function prune(
  _items: readonly PruneItem[],
  _options: PruneOptions<AiPlatformConfig>,
  _call: Call,
): Promise<PruneItem[]> {
  throw new DeploymentError("NOT_IMPLEMENTED", "prune is being written.");
}
