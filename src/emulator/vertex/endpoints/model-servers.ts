import { randomBytes } from "node:crypto";

import {
  ContainerStartError,
  ServingContainer,
  type ServingContainerOptions,
} from "../../containers/serving-container.js";
import { aborted, failedPrecondition } from "../../google-error.js";
import type { LogStore } from "../../logs.js";
import type { ContainerAccess } from "../../cloud-storage/container-access.js";
import type { DeployedModel, Deployment } from "./endpoint-record.js";
import { ModelServer, type ServerUse } from "./model-server.js";
import { serviceEnvironment, healthRoute } from "./service-environment.js";

export interface ModelServersDependencies {
  access: ContainerAccess;
  logs: Pick<LogStore, "append">;
  /** The emulator's own address, for the storage that containers read. */
  url: () => string;
  /** Where each container's process gets its home directory. */
  homes: string;
  /** The longest that a server may take to become healthy, in milliseconds, whatever its `deploymentTimeout`. */
  longestStartMs: number;
}

/** Vertex AI's own default for `deploymentTimeout`, in seconds. */
const defaultTimeout = 30 * 60;
/** How long a server that is to be stopped may take to answer what it was asked before. */
const longestDrainMs = 30_000;

/** The processes of deployed models: one for each, however many replicas it asks for. */
export class ModelServers {
  readonly #deps: ModelServersDependencies;
  readonly #servers = new Map<string, ModelServer>();
  /** Servers of undeployed models that answer their last requests. */
  readonly #leaving = new Set<Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(deps: ModelServersDependencies) {
    this.#deps = deps;
  }

  /** @throws GoogleError FAILED_PRECONDITION in Vertex AI's words when the server exits or never becomes healthy. */
  async start(deployment: Deployment, signal: AbortSignal): Promise<void> {
    const token = this.#grant(deployment);
    try {
      const either = AbortSignal.any([signal, this.#stopping.signal]);
      const container = await ServingContainer.start(this.#options(deployment, token), either);
      this.#add(new ModelServer(deployment, container, token));
    } catch (error) {
      this.#deps.access.revoke(token);
      throw error instanceof ContainerStartError ? startFailure(error, deployment) : error;
    }
  }

  /** Starts the server of a model that was deployed before the emulator was restarted. */
  resume(deployment: Deployment): void {
    const token = this.#grant(deployment);
    const container = ServingContainer.resume(this.#options(deployment, token));
    this.#add(new ModelServer(deployment, container, token));
  }

  /** Takes over what was changed of a DeployedModel while its server runs, such as whether it logs. */
  changed(endpoint: string, deployed: DeployedModel): void {
    const server = this.#servers.get(keyOf(endpoint, deployed.id));
    if (server) server.deployment.deployed = deployed;
  }

  /** Takes hold of a model's server for a request; undefined when it has none, as while the emulator stops. */
  use(endpoint: string, id: string): ServerUse | undefined {
    return this.#servers.get(keyOf(endpoint, id))?.use();
  }

  /** Stops a model's server once it has answered the requests that it has. From now on it gets no other. */
  async stop(endpoint: string, id: string): Promise<void> {
    const key = keyOf(endpoint, id);
    const server = this.#servers.get(key);
    this.#servers.delete(key);
    if (!server) return;
    const left = this.#drainAndStop(server).finally(() => this.#leaving.delete(left));
    this.#leaving.add(left);
    await left;
  }

  /** Stops every server at once, and whatever is being started. */
  async stopAll(): Promise<void> {
    this.#stopping.abort(aborted("The emulator was stopped."));
    const servers = [...this.#servers.values()];
    this.#servers.clear();
    for (const { token } of servers) this.#deps.access.revoke(token);
    await Promise.all([...servers.map((server) => server.stop()), ...this.#leaving]);
  }

  async #drainAndStop(server: ModelServer): Promise<void> {
    await server.drain(AbortSignal.any([AbortSignal.timeout(longestDrainMs), this.#stopping.signal]));
    this.#deps.access.revoke(server.token);
    await server.stop();
  }

  #add(server: ModelServer): void {
    const { endpoint, deployed } = server.deployment;
    this.#servers.set(keyOf(endpoint, deployed.id), server);
  }

  #grant({ version: { artifacts } }: Deployment): string {
    const token = randomBytes(24).toString("base64url");
    if (artifacts) this.#deps.access.grant(token, artifacts.bucket, `${artifacts.prefix}/`);
    return token;
  }

  #options(deployment: Deployment, token: string): ServingContainerOptions {
    const { containerSpec, image } = deployment.version;
    const seconds = Number.parseFloat(containerSpec.deploymentTimeout ?? "0") || defaultTimeout;
    return {
      healthRoute: healthRoute(deployment),
      startTimeoutMs: Math.min(seconds * 1000, this.#deps.longestStartMs),
      onLine: (line, stream) => this.#log(deployment, line, stream),
      homes: this.#deps.homes,
      config: (port, home) => ({
        image,
        home,
        ...(containerSpec.command && { command: containerSpec.command }),
        ...(containerSpec.args && { args: containerSpec.args }),
        env: containerSpec.env ?? [],
        serviceEnv: serviceEnvironment(deployment, port),
        hostEnv: { STORAGE_EMULATOR_HOST: `${this.#deps.url()}/containers/${token}`, SERVING_HOST: "127.0.0.1" },
      }),
    };
  }

  #log({ deployed, location, logged }: Deployment, textPayload: string, stream: "stdout" | "stderr"): void {
    if (deployed.disableContainerLogging) return;
    this.#deps.logs.append({
      projectId: location.projectId,
      resource: logged,
      severity: stream === "stderr" ? "ERROR" : "INFO",
      textPayload,
    });
  }
}

function keyOf(endpoint: string, id: string): string {
  return `${endpoint}/deployedModels/${id}`;
}

function startFailure(error: ContainerStartError, { location, logged }: Deployment) {
  const what =
    error.reason === "never-ready"
      ? "Model server never became ready. Please validate that your model file or container configuration are valid."
      : "Model server exited unexpectedly.";
  const { resource_container: _, ...labels } = logged.labels;
  const filter = [
    `resource.type="${logged.type}"`,
    ...Object.entries(labels).map(([label, value]) => `resource.labels.${label}="${value}"`),
  ].join("\n");
  const logs = `https://console.cloud.google.com/logs/viewer?project=${location.projectId}&advancedFilter=${encodeURIComponent(filter)}`;
  return failedPrecondition(`${what} Model server logs can be found at ${logs}.`);
}
