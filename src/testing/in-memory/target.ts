import { allCapabilities } from "../../core/capabilities.js";
import { systemClock } from "../../core/clock.js";
import { DeploymentError } from "../../core/errors.js";
import type { DeploymentTargetPlugin } from "../../core/plugin.js";
import { InMemoryClient, type SharedMemory } from "./client.js";
import { serveLocally } from "./local-server.js";
import type { InMemoryConfig, InMemoryOptions } from "./options.js";
import { MemoryState } from "./state.js";
import { checkModel } from "./wanted.js";

/** A batch prediction reads and writes files, of which there are none. */
const ownCapabilities = allCapabilities.filter((capability) => capability !== "batch");

/**
 * A target whose deployments are in memory, for tests of scripts that deploy: it has all that the contract says but batch predictions, and
 * refuses what a platform refuses, without one.
 *
 * ```ts
 * registerTarget(inMemoryTarget({ predict: ({ inputs }) => inputs.map(() => "setosa") }));
 * await myScript(getDeployClient("in-memory"));
 * ```
 *
 * What is deployed belongs to the plugin: another call of `inMemoryTarget` makes an empty target.
 */
export function inMemoryTarget(options: InMemoryOptions = {}): DeploymentTargetPlugin<InMemoryClient> {
  const { name = "in-memory", capabilities = ownCapabilities, clock = systemClock } = options;
  const memory: SharedMemory = {
    state: new MemoryState(),
    options,
    capabilities,
    predict: options.predict ?? (({ inputs }) => inputs.map(() => 0)),
    now: () => new Date(clock.now()).toISOString(),
  };
  return {
    name,
    createClient: ({ uri }, { config }) => new InMemoryClient(uri, memory, (config ?? {}) as InMemoryConfig),
    targetHelp: () =>
      `The target ${name} keeps deployments in memory, for tests. Settings: sync, trafficPercent and trafficSplit; any other is kept and changes nothing.`,
    runLocal: async ({ uri }, local) => {
      if (!capabilities.includes("runLocal")) {
        throw new DeploymentError("NOT_IMPLEMENTED", `Serving on this machine is not supported by the target ${uri}.`);
      }
      checkModel(local.modelUri, local.flavor, options.flavors);
      const request = { deploymentName: local.name, modelUri: local.modelUri };
      return serveLocally(local, async (inputs, params) => memory.predict({ ...request, inputs, params }));
    },
  };
}
