import type { Capability } from "../../core/capabilities.js";
import type { Clock } from "../../core/clock.js";

/** What {@link inMemoryTarget} can be told. */
export interface InMemoryOptions {
  /** The target's name. Default `in-memory`. */
  name?: string;
  /**
   * What a model answers: one prediction for each row. What it throws is the model's refusal. Default: a 0 for each row.
   */
  predict?: (request: InMemoryPrediction) => readonly unknown[] | Promise<readonly unknown[]>;
  /**
   * The flavors of the model at a URI; null where there is no model. Default: a model with the flavor `python_function` is
   * at every URI.
   */
  flavors?: (modelUri: string) => readonly string[] | null;
  /** Called when a model is about to serve. What it throws is why the deployment fails. Default: every model starts. */
  start?: (modelUri: string) => void | Promise<void>;
  /** What the target has beyond the abstract methods. Default: everything but `batch`, of which it has no files. */
  capabilities?: readonly Exclude<Capability, "batch">[];
  /** The time in histories. Default: the machine's own. */
  clock?: Clock;
}

/** A prediction as the model in memory gets it. */
export interface InMemoryPrediction {
  /** Of the model that answers, where several share an endpoint. */
  deploymentName: string;
  modelUri: string;
  inputs: readonly unknown[];
  params: Record<string, unknown>;
}

/** Settings of the target in memory: these, and any others, which are kept and shown and change nothing. */
export interface InMemoryConfig {
  /** With `false`, `createDeployment`, `updateDeployment` and `deleteDeployment` return at once with an operation. */
  sync?: boolean | undefined;
  /** The deployment's share of the traffic of the endpoint that it shares; the others keep their proportions in the rest. */
  trafficPercent?: number | undefined;
  /** For `updateEndpoint`: the share of each deployment of the endpoint, by its name. */
  trafficSplit?: Record<string, number> | undefined;
  [setting: string]: unknown;
}
