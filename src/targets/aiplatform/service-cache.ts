import { randomUUID } from "node:crypto";

import { canonicalJson } from "../../core/hash.js";
import type { StepContext } from "../../core/progress.js";
import type { Call } from "./call.js";
import { type LoadedSettings, required } from "./config/load-settings.js";
import { GoogleConnection } from "./google/connection.js";
import type { AiPlatformServices } from "./services.js";
import { serviceSettings, vertexServices } from "./vertex/services.js";

/** The services of a client, made once for each place that its settings name, so that connections are kept. */
export class ServiceCache {
  readonly #given: Partial<AiPlatformServices>;
  readonly #connections = new Map<string, GoogleConnection>();
  readonly #services = new Map<string, AiPlatformServices>();

  /** @param given - Services that take the place of the target's own. */
  constructor(given: Partial<AiPlatformServices>) {
    this.#given = given;
  }

  /**
   * One call: its settings with the project filled in, and the services for them.
   *
   * @param hasListener - Whether somebody listens to the call's progress.
   */
  async call({ settings, given, ambient }: LoadedSettings, context: StepContext, hasListener: boolean): Promise<Call> {
    const { emulatorHost, allowRemoteEmulator, keyFilename, projectId: givenProject } = settings;
    const options = { emulatorHost, allowRemoteEmulator, keyFilename, projectId: givenProject };
    const place = canonicalJson(options);
    const connection = kept(this.#connections, place, () => new GoogleConnection(options));
    if (connection.emulator) announceEmulator(connection.emulator, context, hasListener);

    const projectId = givenProject ?? (await connection.defaultProject()) ?? required(settings, "projectId");
    const chosen = serviceSettings({ ...settings, projectId });
    const services = kept(this.#services, canonicalJson([place, chosen]), () => ({
      ...vertexServices(chosen, connection),
      ...this.#given,
    }));
    return { id: randomUUID(), settings: { ...settings, projectId }, given, ambient, services, context };
  }
}

function kept<T>(map: Map<string, T>, key: string, make: () => T): T {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

const announced = new Set<string>();

/** Once a process, also where nobody listens to progress: a forgotten variable must not go unseen. */
function announceEmulator(url: string, context: StepContext, hasListener: boolean): void {
  if (announced.has(url)) return;
  announced.add(url);
  const message = `Everything goes to the emulator at ${url} (AIPLATFORM_EMULATOR_HOST), nothing to Google Cloud.`;
  context.report({ type: "warning", message });
  if (hasListener) return;
  process.emitWarning(message, { type: "EmulatorWarning", code: "MLFLOW_DEPLOYMENTS_EMULATOR" });
}
