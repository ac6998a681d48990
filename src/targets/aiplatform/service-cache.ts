import { randomUUID } from "node:crypto";

import { canonicalJson } from "../../core/hash.js";
import type { StepContext } from "../../core/progress.js";
import type { MlflowOptions } from "../../mlflow/credentials.js";
import type { Call } from "./call.js";
import { type LoadedSettings, required } from "./config/load-settings.js";
import type { AiPlatformSettings } from "./config/setting-rules.js";
import { GoogleConnection } from "./google/connection.js";
import type { AiPlatformServices } from "./services.js";

/** A platform: which settings it takes, what its services are made for, and how they are made. */
export interface Platform {
  settings(loaded: LoadedSettings): AiPlatformSettings;
  services(
    settings: AiPlatformSettings & { projectId: string },
    connection: GoogleConnection,
    mlflow: MlflowOptions,
  ): { madeFor: object; make: () => AiPlatformServices };
}

type Made = Pick<Call, "settings" | "services">;

/** Each platform is loaded by the first call that goes to it. */
const platforms: Record<AiPlatformSettings["platform"], () => Promise<Platform>> = {
  vertex: async () => (await import("./vertex/platform.js")).vertexPlatform,
  legacy: async () => (await import("./legacy/platform.js")).legacyPlatform,
};

/** The services of a client, made once for each place that its settings name, so that connections are kept. */
export class ServiceCache {
  readonly #given: Partial<AiPlatformServices>;
  readonly #mlflow: MlflowOptions;
  readonly #connections = new Map<string, GoogleConnection>();
  readonly #services = new Map<string, AiPlatformServices>();
  /** Of settings that name their project, and are used again as they are. */
  readonly #made = new WeakMap<LoadedSettings, Made>();

  /**
   * @param given - Services that take the place of the target's own.
   * @param mlflow - How MLflow is reached.
   */
  constructor(given: Partial<AiPlatformServices>, mlflow: MlflowOptions) {
    this.#given = given;
    this.#mlflow = mlflow;
  }

  /**
   * One call: its settings with the project filled in, and the services for them.
   *
   * @param hasListener - Whether somebody listens to the call's progress.
   */
  async call(loaded: LoadedSettings, context: StepContext, hasListener: boolean): Promise<Call> {
    const { settings, services } = this.#made.get(loaded) ?? (await this.#make(loaded, context, hasListener));
    const { given, ambient } = loaded;
    return { id: randomUUID(), settings, given, ambient, services, context };
  }

  async #make(loaded: LoadedSettings, context: StepContext, hasListener: boolean): Promise<Made> {
    const platform = await platforms[loaded.settings.platform]();
    const settings = platform.settings(loaded);
    const { emulatorHost, allowRemoteEmulator, keyFilename, projectId: givenProject } = settings;
    const options = { emulatorHost, allowRemoteEmulator, keyFilename, projectId: givenProject };
    const place = canonicalJson(options);
    const connection = kept(this.#connections, place, () => new GoogleConnection(options));
    if (connection.emulator) announce(emulatorNotice(connection.emulator), context, hasListener);
    else if (settings.platform === "legacy") announce(endedNotice, context, hasListener);

    const projectId = givenProject ?? (await connection.defaultProject()) ?? required(settings, "projectId");
    const { madeFor, make } = platform.services({ ...settings, projectId }, connection, this.#mlflow);
    const services = kept(this.#services, canonicalJson([place, settings.platform, madeFor]), () => ({
      ...make(),
      ...this.#given,
    }));
    const made = { settings: { ...settings, projectId }, services };
    if (givenProject) this.#made.set(loaded, made);
    return made;
  }
}

function kept<T>(map: Map<string, T>, key: string, make: () => T): T {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

/** What must not go unseen. */
interface Notice {
  message: string;
  type: string;
  code: string;
}

/** A forgotten variable sends everything elsewhere. */
function emulatorNotice(url: string): Notice {
  return {
    message: `Everything goes to the emulator at ${url} (AIPLATFORM_EMULATOR_HOST), nothing to Google Cloud.`,
    type: "EmulatorWarning",
    code: "MLFLOW_DEPLOYMENTS_EMULATOR",
  };
}

const endedNotice: Notice = {
  message:
    "The legacy platform, AI Platform Prediction, was ended by Google in January 2025: its requests will be refused. Leave platform out to deploy to Vertex AI.",
  type: "LegacyPlatformWarning",
  code: "MLFLOW_DEPLOYMENTS_LEGACY",
};

const announced = new Set<string>();

/** Once a process, also where nobody listens to progress. */
function announce({ message, type, code }: Notice, context: StepContext, hasListener: boolean): void {
  if (announced.has(message)) return;
  announced.add(message);
  context.report({ type: "warning", message });
  if (!hasListener) process.emitWarning(message, { type, code });
}
