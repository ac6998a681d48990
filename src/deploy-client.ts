import type { BaseDeploymentClient } from "./core/base-client.js";
import type { DeploymentTargets } from "./core/deployment-targets.js";
import { discoverTargets } from "./core/discovery.js";
import type { ClientOptions, DeploymentTargetPlugin } from "./core/plugin.js";
import { TargetRegistry } from "./core/registry.js";
import { parseTargetUri } from "./core/target-uri.js";
import { builtInTargets } from "./targets/built-in.js";

const registry = new TargetRegistry(builtInTargets, () => discoverTargets(process.cwd()));

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

/**
 * The client of a deployment target.
 *
 * It is made without loading the target's libraries and without a request: whatever is wrong shows at its first call.
 *
 * @param target - A target's name, such as `aiplatform`, or a URI: `aiplatform:/PROJECT/LOCATION`.
 * @param options - `config`: settings for all calls; `services`: services in place of the target's own.
 * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST` for an unknown target, which lists those installed;
 * `INVALID_PARAMETER_VALUE` for an empty or illegal URI; `INTERNAL_ERROR` for a plugin that cannot be loaded or lacks
 * something.
 */
export function getDeployClient<Uri extends string>(
  target: Uri | TargetName,
  options: OptionsOf<TargetOf<Uri>> | Record<string, never> = {},
): ClientOf<TargetOf<Uri>> {
  return registry.client(target, options) as unknown as ClientOf<TargetOf<Uri>>;
}

/**
 * Adds a target, so that `getDeployClient` finds it by its name. An installed package does the same by
 * `"mlflowDeployments": { "targets": { "mytarget": "./dist/plugin.js" } }` in its package.json.
 *
 * @throws DeploymentError `RESOURCE_ALREADY_EXISTS` for the name of a built-in target; `INTERNAL_ERROR` for a plugin
 * without all that it needs.
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
  return registry.plugin(parseTargetUri(target).target).targetHelp();
}
