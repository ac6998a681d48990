import { DeploymentError, throwIfCancelled } from "../../core/errors.js";
import type { Operation } from "../../core/operation.js";
import type { CallOptions, LongCallOptions } from "../../core/options.js";
import { safeProgress } from "../../core/progress.js";
import type { TargetUri } from "../../core/target-uri.js";
import type { MlflowOptions } from "../../mlflow/credentials.js";
import type { Call } from "./call.js";
import type { AiPlatformClientOptions } from "./client.js";
import type { AiPlatformConfig } from "./config/index.js";
import type { SettingSources } from "./config/load-settings.js";
import type { ServiceCache } from "./service-cache.js";

type Config = AiPlatformConfig;

/** What all methods of a client share: settings, services, progress, cancellation, and errors of one kind. */
export class Calls {
  readonly #target: TargetUri;
  readonly #options: AiPlatformClientOptions;
  #cache: ServiceCache | undefined;

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

  /**
   * Makes a call of a method.
   *
   * @param rules - `each` for a method that completes the settings by what is there, and then checks them together.
   * @throws DeploymentError and nothing else.
   */
  async run<T>(
    method: string,
    options: LongCallOptions<Config>,
    work: (call: Call) => Promise<T>,
    rules: "all" | "each" = "all",
  ): Promise<T> {
    try {
      throwIfCancelled(options.signal, method);
      const { loadSettings } = await import("./config/load-settings.js");
      const loaded = loadSettings(this.settingSources(options.config), rules);
      const { checkCapability } = await import("./capabilities.js");
      checkCapability(method, options, loaded.settings);
      const context = { report: safeProgress(options.onProgress), signal: options.signal };
      if (!this.#cache) {
        const { ServiceCache } = await import("./service-cache.js");
        this.#cache ??= new ServiceCache(this.#options.services ?? {}, this.mlflow);
      }
      return await work(await this.#cache.call(loaded, context, options.onProgress !== undefined));
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
