import type { BaseDeploymentClient } from "./core/base-client.js";
import type { DeploymentTargets } from "./core/deployment-targets.js";
import { discoverTargets } from "./core/discovery.js";
import { DeploymentError } from "./core/errors.js";
import type { ClientOptions, DeploymentTargetPlugin } from "./core/plugin.js";
import type { LocalServer, RunLocalOptions } from "./core/local-server.js";
import { TargetRegistry } from "./core/registry.js";
import { parseTargetUri } from "./core/target-uri.js";
import { DefaultTarget } from "./deployments-target.js";
import { builtInTargets } from "./targets/built-in.js";

const registry = new TargetRegistry(builtInTargets, () => discoverTargets(process.cwd()));
const defaultTarget = new DefaultTarget(registry);

type TargetName = Extract<keyof DeploymentTargets, string>;
/** `aiplatform` of `aiplatform:/acme/europe-west1`. */
type TargetOf<Uri extends string> = Uri extends `${infer Name}:${string}` ? Name : Uri;
type ClientOf<Name> = Name extends TargetName
  ? DeploymentTargets[Name] extends { client: infer Client }
    ? Client
    : never
  : BaseDeploymentClient;
type OptionsOf<Name> = Name extends TargetName
  ? DeploymentTargets[Name] extends { options: infer Options }
    ? Options
    : never
  : ClientOptions;
/** What `config` takes on a target. */
type ConfigOf<Name> =
  OptionsOf<Name> extends { config?: infer Config } ? Extract<Config, object> : Record<string, unknown>;

/**
 * The client of a deployment target.
 *
 * It is made without loading the target's libraries and without a request: whatever is wrong shows at its first call.
 *
 * @param target - A target's name, such as `aiplatform`, or a URI: `aiplatform:/PROJECT/LOCATION`. Default:
 * {@link getDeploymentsTarget}.
 * @param options - `config`: settings for all calls; `services`: services in place of the target's own.
 * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST` for an unknown target, which lists those installed;
 * `INVALID_PARAMETER_VALUE` for an empty or illegal URI; `INTERNAL_ERROR` for a plugin that cannot be loaded or lacks
 * something; `RESOURCE_CONFLICT` for a target that more than one installed package offers.
 */
export function getDeployClient<Uri extends string>(
  target: Uri | TargetName,
  options?: OptionsOf<TargetOf<Uri>> | Record<string, never>,
): ClientOf<TargetOf<Uri>>;
export function getDeployClient(target?: undefined, options?: ClientOptions): BaseDeploymentClient;
export function getDeployClient(target?: string, options?: unknown): unknown {
  return registry.client(target ?? defaultTarget.get(), options ?? {});
}

/**
 * Sets the target that `getDeployClient()` takes when it is called without one, for this process. It goes before the
 * environment variable `MLFLOW_DEPLOYMENTS_TARGET`.
 *
 * @param target - The name of an installed target, or a URI of one: `aiplatform:/PROJECT/LOCATION`.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for anything else.
 */
export function setDeploymentsTarget(target: string): void {
  defaultTarget.set(target);
}

/**
 * The target that `getDeployClient()` takes when it is called without one: that of {@link setDeploymentsTarget}, then
 * that of the environment variable `MLFLOW_DEPLOYMENTS_TARGET`.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` when neither is set.
 */
export function getDeploymentsTarget(): string {
  return defaultTarget.get();
}

/**
 * Serves a model on this machine the way a target would, until it is stopped.
 *
 * ```ts
 * await using server = await runLocal("aiplatform", { name: "tester", modelUri: "models:/iris/1" });
 * const { predictions } = await server.predict({ inputs: [[5.1, 3.5, 1.4, 0.2]] });
 * ```
 *
 * @param target - A target's name or URI.
 * @throws DeploymentError `NOT_IMPLEMENTED` for a target that cannot; `FAILED_PRECONDITION` with the server's last lines
 * when it does not start.
 */
export async function runLocal<Uri extends string>(
  target: Uri | TargetName,
  options: RunLocalOptions<ConfigOf<TargetOf<Uri>>>,
): Promise<LocalServer> {
  try {
    const parsed = parseTargetUri(target);
    return await registry.plugin(parsed.target).runLocal(parsed, options as RunLocalOptions<never>);
  } catch (error) {
    throw DeploymentError.from(error, "runLocal");
  }
}

/**
 * Adds a target, so that `getDeployClient` finds it by its name. An installed package does the same by
 * `"mlflowDeployments": { "targets": { "mytarget": "./dist/plugin.js" } }` in its package.json.
 *
 * @throws DeploymentError `RESOURCE_ALREADY_EXISTS` for the name of a built-in target; `INVALID_PARAMETER_VALUE` for a
 * name that no target URI can have; `INTERNAL_ERROR` for a plugin without all that it needs.
 */
export function registerTarget(plugin: DeploymentTargetPlugin): void {
  registry.register(plugin);
}

/** The names of all targets: built in, registered, and offered by the dependencies of the working directory's package. */
export function listTargets(): string[] {
  return registry.names();
}

/** A target's help: what it is, and every setting it takes. */
export async function targetHelp(target: string): Promise<string> {
  try {
    return await registry.plugin(parseTargetUri(target).target).targetHelp();
  } catch (error) {
    throw DeploymentError.from(error, "targetHelp");
  }
}
