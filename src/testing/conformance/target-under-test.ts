import type { BaseDeploymentClient } from "../../core/base-client.js";
import type { Capability } from "../../core/capabilities.js";
import type { LocalServer, RunLocalOptions } from "../../core/local-server.js";

/**
 * A target, and what the suite needs to try it. All but `name`, `capabilities` and `timeoutSeconds` is read when the tests
 * run, so that a getter can give what a `beforeAll` has made: `get model() { return server.modelUri; }`.
 */
export interface TargetUnderTest<Config extends object = Record<string, unknown>> {
  /** What the tests call it. */
  name: string;
  /** Makes a client, of `getDeployClient` or by the plugin. It may have settings of its own, such as where to. */
  createClient(): BaseDeploymentClient<Config> | Promise<BaseDeploymentClient<Config>>;
  /** The target's `runLocal`: `(options) => runLocal("mytarget", options)`. */
  runLocal(options: RunLocalOptions<Config>): Promise<LocalServer>;
  /**
   * What the target has beyond the abstract methods. The suite checks that its client says the same, tries what is here,
   * and checks that every other method says that the target does not have it. Default: nothing.
   */
  capabilities?: readonly Capability[] | undefined;

  /** The URI of a model. */
  readonly model: string;
  /** The URI of another model, which takes the same rows. */
  readonly otherModel: string;
  /** At least two rows, which the models answer differently. */
  readonly inputs: readonly unknown[];
  /** What `model` answers to `inputs`. */
  readonly expected: readonly unknown[];
  /** What `otherModel` answers to `inputs`. */
  readonly otherExpected: readonly unknown[];
  /** Rows that `model` refuses. Default: that is not tried. */
  readonly badInputs?: readonly unknown[] | undefined;
  /** A flavor that both models have. Default `python_function`. */
  readonly flavor?: string | undefined;
  /** A flavor that neither has. Default `no_such_flavor`. */
  readonly missingFlavor?: string | undefined;
  /** The URI of a model that does not exist. Default `models:/no-such-model/1`. */
  readonly missingModel?: string | undefined;
  /** The URI of a model that exists and cannot be served. Default: what a failed update leaves is not tried. */
  readonly brokenModel?: string | undefined;

  /**
   * Settings of every deployment that is made, of those that a deployment keeps: settings of calls, such as where to and how
   * long to wait, belong to the client. Default: none.
   */
  readonly config?: Config | undefined;
  /** Settings in which another deployment may differ, such as the machine type. Default: no other settings are tried. */
  readonly otherConfig?: Config | undefined;
  /** Settings that change while the same model goes on serving, such as the replicas. Default: that is not tried. */
  readonly inPlaceConfig?: Config | undefined;
  /** Settings, beside `config`, of a deployment whose predictions stream. Default: those of `config` do. */
  readonly streamConfig?: Config | undefined;
  /** The parts in which `model` answers `inputs`. Default: any parts will do. */
  readonly streamParts?: readonly unknown[] | undefined;
  /** Settings, beside `config`, of a deployment whose predictions can be explained. Default: those of `config` can. */
  readonly explainConfig?: Config | undefined;
  /** A file that holds `inputs`, a row each, and where predictions may be written. Default: no file is predicted. */
  readonly batch?: { input: string; output: string } | undefined;
  /** Settings of the endpoints that are made. Default: none. */
  readonly endpointConfig?: Config | undefined;
  /** Settings of `updateEndpoint` for a traffic split, by deployment. Default: `{ trafficSplit }`. */
  trafficConfig?(split: Record<string, number>): Config;

  /** What the names of deployments and endpoints start with; a part that no other run has follows. Default `conformance`. */
  readonly prefix?: string | undefined;
  /** Seconds that one test may take, in which at most three deployments are made or deleted. Default 300. */
  timeoutSeconds?: number | undefined;
}
