import { randomBytes } from "node:crypto";
import { join } from "node:path";

import { parseGsUri } from "../cloud-storage/gs-uri.js";
import type { ContainerAccess } from "../cloud-storage/container-access.js";
import {
  ContainerStartError,
  ServingContainer,
  type ServingContainerOptions,
} from "../containers/serving-container.js";
import { aborted } from "../google-error.js";
import type { LogStore } from "../logs.js";
import type { Installation, PredictionRuntime } from "./prediction-runtime.js";
import { idOf, modelOf, type VersionRecord } from "./records.js";
import type { ModelStore } from "./store.js";

export interface VersionServersDependencies {
  store: ModelStore;
  access: ContainerAccess;
  logs: Pick<LogStore, "append">;
  runtime: PredictionRuntime;
  /** The emulator's own address, for the storage that versions read. */
  url: () => string;
  /** Where each process gets its home directory. */
  homes: string;
  /** The longest that a class may take to be loaded, in milliseconds. */
  longestStartMs: number;
}

/** A class that cannot be served. Its message is what the service said of it. */
export class LoadError extends Error {
  override readonly name = "LoadError";
}

interface Server {
  container: ServingContainer;
  token: string;
}

/** How the server of a class says why it could not load it. */
const failureLine = /^Failed to load model: (?<reason>.*)/;

/** The processes of model versions: one for each, however many nodes it asks for. */
export class VersionServers {
  readonly #deps: VersionServersDependencies;
  readonly #servers = new Map<string, Server>();
  readonly #stopping = new AbortController();

  constructor(deps: VersionServersDependencies) {
    this.#deps = deps;
  }

  /** @throws LoadError when the class can't be loaded, or not in time. */
  async start(version: VersionRecord, installation: Installation, signal: AbortSignal): Promise<void> {
    const token = this.#grant(version);
    let reason = "Unexpected error when loading the model: the server exited";
    const onLine = (line: string) => (reason = failureLine.exec(line)?.groups?.["reason"] ?? reason);
    try {
      const either = AbortSignal.any([signal, this.#stopping.signal]);
      const container = await ServingContainer.start(this.#options(version, installation, token, onLine), either);
      this.#servers.set(version.name, { container, token });
    } catch (error) {
      this.#deps.access.revoke(token);
      if (!(error instanceof ContainerStartError)) throw error;
      const late = `Loading it took longer than ${this.#deps.longestStartMs / 1000} seconds`;
      throw new LoadError(error.reason === "exited" ? reason : error.reason === "never-ready" ? late : error.message);
    }
  }

  /** Starts the server of a version that was there before the emulator was restarted. */
  resume(version: VersionRecord, installation: Installation): void {
    const token = this.#grant(version);
    const container = ServingContainer.resume(this.#options(version, installation, token));
    this.#servers.set(version.name, { container, token });
  }

  /** Address of a version's server; waits while it is being restarted. */
  async address(version: string, signal: AbortSignal): Promise<string | undefined> {
    return await this.#servers.get(version)?.container.address(signal);
  }

  async stop(version: string): Promise<void> {
    const server = this.#servers.get(version);
    this.#servers.delete(version);
    if (!server) return;
    this.#deps.access.revoke(server.token);
    await server.container.stop();
  }

  /** Stops every server, and whatever is being started. */
  async stopAll(): Promise<void> {
    this.#stopping.abort(aborted("The emulator was stopped."));
    await Promise.all([...this.#servers.keys()].map((version) => this.stop(version)));
  }

  /** The service's account reads the project's buckets; here it is the one that the version came from. */
  #grant({ settings }: VersionRecord): string {
    const token = randomBytes(24).toString("base64url");
    this.#deps.access.grant(token, parseGsUri(settings.deploymentUri)!.bucket);
    return token;
  }

  #options(
    version: VersionRecord,
    { python, pythonPath }: Installation,
    token: string,
    onLine: (line: string) => void = () => {},
  ): ServingContainerOptions {
    const { runtime, homes, longestStartMs, url } = this.#deps;
    const { name, directory, settings } = version;
    return {
      homes,
      healthRoute: "/",
      startTimeoutMs: longestStartMs,
      onLine: (line, stream) => {
        onLine(line);
        this.log(version, line, stream);
      },
      config: (port, home) => ({
        home,
        image: {
          root: directory,
          python,
          pythonPath,
          workdir: home,
          command: ["python", runtime.server, String(port), join(directory, "model"), settings.predictionClass],
          env: {},
        },
        env: [],
        serviceEnv: {},
        hostEnv: {
          // what is known of the project, which a container at Google asks its metadata server for
          GOOGLE_CLOUD_PROJECT: name.split("/")[1]!,
          STORAGE_EMULATOR_HOST: `${url()}/containers/${token}`,
        },
      }),
    };
  }

  /** Sends a line of a version's to Cloud Logging, if its model has `onlinePredictionConsoleLogging`. */
  log({ name }: VersionRecord, textPayload: string, stream: "stdout" | "stderr"): void {
    // the last lines of a server may come when its model is gone
    const model = this.#deps.store.findModel(modelOf(name));
    if (!model?.onlinePredictionConsoleLogging) return;
    const projectId = name.split("/")[1]!;
    const labels = {
      project_id: projectId,
      model_id: idOf(model.name),
      version_id: idOf(name),
      region: model.regions[0]!,
    };
    this.#deps.logs.append({
      projectId,
      resource: { type: "cloudml_model_version", labels },
      severity: stream === "stderr" ? "ERROR" : "INFO",
      textPayload,
    });
  }
}
