import { DeploymentError, throwIfCancelled } from "../../core/errors.js";
import type { Operation } from "../../core/operation.js";
import type { CallOptions, LongCallOptions } from "../../core/options.js";
import { safeProgress } from "../../core/progress.js";
import type { TargetUri } from "../../core/target-uri.js";
import type { MlflowOptions } from "../../mlflow/credentials.js";
import type { Call } from "./call.js";
import type { AiPlatformClientOptions } from "./client.js";
import type { AiPlatformConfig } from "./config/index.js";
import type { checkCapability } from "./capabilities.js";
import type { LoadedSettings, SettingSources } from "./config/load-settings.js";
import type { ServiceCache } from "./service-cache.js";

type Config = AiPlatformConfig;
type Rules = "all" | "each" | "known";

interface Parts {
  load: (sources: SettingSources, rules: Rules) => LoadedSettings;
  checkCapability: typeof checkCapability;
  cache: ServiceCache;
}

/** What all methods of a client share: settings, services, progress, cancellation, and errors of one kind. */
export class Calls {
  readonly #target: TargetUri;
  readonly #options: AiPlatformClientOptions;
  #cache: ServiceCache | undefined;
  #parts: Parts | undefined;

  constructor(target: TargetUri, options: AiPlatformClientOptions) {
    this.#target = target;
    this.#options = options;
  }

  /** How MLflow is reached, as far as no setting says it. */
  get mlflow(): MlflowOptions {
    return this.#options.mlflow ?? {};
  }

  /** Where the settings of a call come from. */
  settingSources(callConfig: Config | undefined): SettingSources {
    return { callConfig, clientConfig: this.#options.config, target: this.#target, env: process.env };
  }

  /** What all calls need, loaded by the first one. */
  async #load(): Promise<Parts> {
    const [{ loadSettings }, { KnownSettings }, { checkCapability }, { ServiceCache }] = await Promise.all([
      import("./config/load-settings.js"),
      import("./known-settings.js"),
      import("./capabilities.js"),
      import("./service-cache.js"),
    ]);
    const known = new KnownSettings();
    const load = (sources: SettingSources, rules: Rules) =>
      rules === "known" ? known.load(sources) : loadSettings(sources, rules);
    // two first calls at a time share the services
    this.#cache ??= new ServiceCache(this.#options.services ?? {}, this.mlflow);
    return { load, checkCapability, cache: this.#cache };
  }

  /**
   * Makes a call of a method.
   *
   * @param rules - `each` for a method that completes the settings by what is there, and then checks them together; `known` for one
   * that is called over and over, to which the environment may say what it said a second ago.
   * @throws DeploymentError and nothing else.
   */
  async run<T>(
    method: string,
    options: LongCallOptions<Config>,
    work: (call: Call) => Promise<T>,
    rules: Rules = "all",
  ): Promise<T> {
    try {
      throwIfCancelled(options.signal, method);
      const { load, checkCapability, cache } = (this.#parts ??= await this.#load());
      const loaded = load(this.settingSources(options.config), rules);
      checkCapability(method, options, loaded.settings);
      const context = { report: safeProgress(options.onProgress), signal: options.signal };
      return await work(await cache.call(loaded, context, options.onProgress !== undefined));
    } catch (error) {
      throw DeploymentError.from(error, method);
    }
  }
}

/** Whether a call gives an operation at once: the call itself, and not only the client's config, has to ask for that. */
export function isInBackground({ config }: CallOptions<Config>, { settings }: Call): boolean {
  return !settings.sync && config?.sync !== undefined;
}

/** The work itself, or an operation of it. */
export async function maybeInBackground<T>(
  options: CallOptions<Config>,
  name: string,
  call: Call,
  work: (call: Call) => Promise<T>,
): Promise<T | Operation<T>> {
  if (!isInBackground(options, call)) return work(call);
  const { inBackground } = await import("./background.js");
  return inBackground(name, call, work);
}
