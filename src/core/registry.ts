import type { BaseDeploymentClient } from "./base-client.js";
import { DeploymentError } from "./errors.js";
import { type ClientOptions, type DeploymentTargetPlugin, requiredOfPlugin } from "./plugin.js";
import { isTargetName, parseTargetUri, targetNameRule } from "./target-uri.js";

type Plugin = DeploymentTargetPlugin;

/** A target that an installed package offers and that is loaded when it is first asked for. */
export interface DiscoveredTarget {
  name: string;
  /** The package that offers it. */
  packageName: string;
  /** Loads the module; its default export, or its export `plugin`, is the plugin. */
  load(): unknown;
}

/** What installed packages offer. */
export interface Discovery {
  targets: DiscoveredTarget[];
  /** What could not be read, or is offered in a way that cannot work: a sentence each, for the error of an unknown target. */
  problems: string[];
}

/** Resolves a target's name to its plugin: built-in ones first, then registered ones, then those of installed packages. */
export class TargetRegistry {
  readonly #builtIn: ReadonlyMap<string, Plugin>;
  readonly #registered = new Map<string, Plugin>();
  readonly #discover: () => Discovery;
  #discovery: Discovery | undefined;

  constructor(builtIn: readonly Plugin[], discover: () => Discovery) {
    this.#builtIn = new Map(builtIn.map((plugin) => [plugin.name, plugin]));
    this.#discover = discover;
  }

  /**
   * Adds a target, or replaces one that was registered under the same name before.
   *
   * @throws DeploymentError `RESOURCE_ALREADY_EXISTS` for the name of a built-in target; `INVALID_PARAMETER_VALUE` for a
   * name that no URI can have; `INTERNAL_ERROR` for a plugin that lacks something.
   */
  register(plugin: Plugin): void {
    const { name } = complete(plugin, (plugin as Plugin | undefined)?.name ?? "that is to be registered");
    if (!isTargetName(name)) {
      throw new DeploymentError(
        "INVALID_PARAMETER_VALUE",
        `The target's name ${JSON.stringify(name)} ${targetNameRule}.`,
      );
    }
    if (this.#builtIn.has(name)) {
      throw new DeploymentError(
        "RESOURCE_ALREADY_EXISTS",
        `The plugin cannot take the name "${name}": it belongs to a built-in target. Choose another name.`,
      );
    }
    this.#registered.set(name, plugin);
  }

  /** Makes the client of a target. See `getDeployClient`. */
  client(uri: string, options: ClientOptions): BaseDeploymentClient<never> {
    const target = parseTargetUri(uri);
    const plugin = this.plugin(target.target);
    try {
      return plugin.createClient(target, options);
    } catch (error) {
      throw DeploymentError.from(error, `Making the client of the target "${plugin.name}"`);
    }
  }

  /** The plugin of a target's name. Loads it when it is the first time. */
  plugin(name: string): Plugin {
    const known = this.#builtIn.get(name) ?? this.#registered.get(name);
    if (known) return known;
    const [discovered, ...others] = this.#discovered().filter((target) => target.name === name);
    if (!discovered) throw this.#unknown(name);
    if (others.length > 0) throw offeredTwice(name, [discovered, ...others]);
    const plugin = complete(load(discovered), name);
    if (plugin.name !== name) {
      throw new DeploymentError(
        "INTERNAL_ERROR",
        `The package ${discovered.packageName} offers the target "${name}", but its plugin has the name "${plugin.name}". Give both the same name.`,
      );
    }
    this.#registered.set(name, plugin);
    return plugin;
  }

  /** The names of all targets that are there, sorted. */
  names(): string[] {
    const discovered = this.#discovered().map(({ name }) => name);
    return [...new Set([...this.#builtIn.keys(), ...this.#registered.keys(), ...discovered])].toSorted();
  }

  /** A package that offers a built-in target's name is passed over: it is never loaded. */
  #discovered(): DiscoveredTarget[] {
    this.#discovery ??= this.#discover();
    return this.#discovery.targets.filter(({ name }) => !this.#builtIn.has(name));
  }

  #unknown(name: string): DeploymentError {
    const problems = this.#discovery?.problems ?? [];
    return new DeploymentError(
      "RESOURCE_DOES_NOT_EXIST",
      [
        `No plugin found for managing model deployments to "${name}". The installed targets are: ${this.names().join(", ")}. Install the package that has the target, or call registerTarget.`,
        ...problems.map((problem) => `Passed over: ${problem}`),
      ].join("\n"),
    );
  }
}

function load(target: DiscoveredTarget): unknown {
  try {
    const module = target.load() as { default?: unknown; plugin?: unknown } | undefined;
    return module?.plugin ?? module?.default ?? module;
  } catch (error) {
    throw new DeploymentError(
      "INTERNAL_ERROR",
      `Failed to load the plugin "${target.name}" of the package ${target.packageName}: ${reasonOf(error)}`,
      { cause: error },
    );
  }
}

function reasonOf(error: unknown): string {
  if ((error as NodeJS.ErrnoException | undefined)?.code === "ERR_REQUIRE_ASYNC_MODULE") {
    return "its module, or one that it imports, has a top-level await, for which getDeployClient, being synchronous, cannot wait. Await inside of a function, or import the package yourself and call registerTarget.";
  }
  // Node lists below its first line which modules required the missing one: all of them are this package's
  return (error instanceof Error ? error.message : String(error)).split("\nRequire stack:")[0]!;
}

function offeredTwice(name: string, targets: DiscoveredTarget[]): DeploymentError {
  const packages = targets.map(({ packageName }) => packageName).join(" and ");
  return new DeploymentError(
    "RESOURCE_CONFLICT",
    `More than one installed package offers the target "${name}": ${packages}. Remove all but one from the dependencies, or call registerTarget with the plugin that you want.`,
  );
}

function complete(candidate: unknown, name: string): Plugin {
  const plugin = (candidate ?? {}) as Partial<Plugin>;
  const missing = Object.entries(requiredOfPlugin).filter(([key, type]) => typeof plugin[key as keyof Plugin] !== type);
  if (missing.length > 0) {
    throw new DeploymentError(
      "INTERNAL_ERROR",
      `Plugin registered for the target ${name} does not have all the required interfaces. Missing interfaces: ${missing.map(([key]) => key).join(", ")}.`,
    );
  }
  return plugin as Plugin;
}
