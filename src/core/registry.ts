import type { BaseDeploymentClient } from "./base-client.js";
import { DeploymentError } from "./errors.js";
import { type ClientOptions, type DeploymentTargetPlugin, requiredOfPlugin } from "./plugin.js";
import { parseTargetUri } from "./target-uri.js";

type Plugin = DeploymentTargetPlugin;

/** A target that an installed package offers and that is loaded when it is first asked for. */
export interface DiscoveredTarget {
  name: string;
  /** The package that offers it. */
  packageName: string;
  /** Loads the module; its default export, or its export `plugin`, is the plugin. */
  load(): unknown;
}

/** Resolves a target's name to its plugin: built-in ones first, then registered ones, then those of installed packages. */
export class TargetRegistry {
  readonly #builtIn: ReadonlyMap<string, Plugin>;
  readonly #registered = new Map<string, Plugin>();
  readonly #discover: () => DiscoveredTarget[];
  #discovered: Map<string, DiscoveredTarget> | undefined;

  constructor(builtIn: readonly Plugin[], discover: () => DiscoveredTarget[]) {
    this.#builtIn = new Map(builtIn.map((plugin) => [plugin.name, plugin]));
    this.#discover = discover;
  }

  /**
   * Adds a target, or replaces one that was registered under the same name before.
   *
   * @throws DeploymentError `RESOURCE_ALREADY_EXISTS` for the name of a built-in target; `INTERNAL_ERROR` for a plugin
   * that lacks something.
   */
  register(plugin: Plugin): void {
    if (this.#builtIn.has(plugin.name)) {
      throw new DeploymentError(
        "RESOURCE_ALREADY_EXISTS",
        `The plugin cannot take the name "${plugin.name}": it belongs to a built-in target. Choose another name.`,
      );
    }
    this.#registered.set(plugin.name, complete(plugin, plugin.name));
  }

  /** Makes the client of a target. See `getDeployClient`. */
  client(uri: string, options: ClientOptions): BaseDeploymentClient<never> {
    const target = parseTargetUri(uri);
    return this.plugin(target.target).createClient(target, options);
  }

  /** The plugin of a target's name. Loads it when it is the first time. */
  plugin(name: string): Plugin {
    const known = this.#builtIn.get(name) ?? this.#registered.get(name);
    if (known) return known;
    const discovered = this.#discoveredTargets().get(name);
    if (!discovered) throw this.#unknown(name);
    const plugin = complete(load(discovered), name);
    this.#registered.set(name, plugin);
    return plugin;
  }

  /** The names of all targets that are there, sorted. */
  names(): string[] {
    return [
      ...new Set([...this.#builtIn.keys(), ...this.#registered.keys(), ...this.#discoveredTargets().keys()]),
    ].toSorted();
  }

  /** A package that offers a built-in target's name is passed over: it is never loaded. */
  #discoveredTargets(): Map<string, DiscoveredTarget> {
    this.#discovered ??= new Map(
      this.#discover()
        .filter((target) => !this.#builtIn.has(target.name))
        .map((target) => [target.name, target]),
    );
    return this.#discovered;
  }

  #unknown(name: string): DeploymentError {
    return new DeploymentError(
      "RESOURCE_DOES_NOT_EXIST",
      `No plugin found for managing model deployments to "${name}". The installed targets are: ${this.names().join(", ")}. Install the package that has the target, or call registerTarget.`,
    );
  }
}

function load(target: DiscoveredTarget): unknown {
  try {
    const module = target.load() as { default?: unknown; plugin?: unknown };
    return module.plugin ?? module.default;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DeploymentError(
      "INTERNAL_ERROR",
      `Failed to load the plugin "${target.name}" of the package ${target.packageName}: ${reason}`,
      { cause: error },
    );
  }
}

function complete(candidate: unknown, name: string): Plugin {
  const plugin = (candidate ?? {}) as Partial<Plugin>;
  const missing = requiredOfPlugin.filter((key) => plugin[key] === undefined);
  if (missing.length > 0) {
    throw new DeploymentError(
      "INTERNAL_ERROR",
      `Plugin registered for the target ${name} does not have all the required interfaces. Missing interfaces: ${missing.join(", ")}.`,
    );
  }
  return plugin as Plugin;
}
