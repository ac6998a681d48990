import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { registeredArtifactReaders } from "../core/artifact-readers.js";
import { type Clock, systemClock } from "../core/clock.js";
import { DeploymentError } from "../core/errors.js";
import type { ModelSource, ResolvedModel } from "../core/model.js";
import type { StepContext } from "../core/progress.js";
import type { ArtifactReader, DescribeRequest, ModelResolver, ResolveRequest } from "../core/services.js";
import { Artifacts } from "./artifacts.js";
import { describeModel, isDescription } from "./describe-model.js";
import { Download } from "./download.js";
import { findMlmodel } from "./find-mlmodel.js";
import { HttpArtifactReader } from "./http-artifacts.js";
import { type MlflowClients, ModelLocator } from "./locate.js";
import { withoutCredentials } from "./printable-uri.js";
import { ProxiedArtifactReader } from "./proxied-artifacts.js";
import { RegistryClient } from "./registry-client.js";
import { readRequirements } from "./requirements.js";
import { type MlflowServerOptions, MlflowServers } from "./servers.js";
import { BroughtFiles, mustBeRead, storedFile } from "./stored-model.js";
import { TrackingClient } from "./tracking-client.js";

/** Options of {@link MlflowModelResolver}. */
export interface MlflowModelResolverOptions extends MlflowServerOptions {
  /** Readers of other stores, by the scheme of their URIs, such as `gs`. */
  readers?: Record<string, ArtifactReader> | undefined;
  /** For waits between retries. Default: the machine's. */
  clock?: Clock | undefined;
}

/** Finds models over MLflow's REST API (2.x and 3.x), or in a directory. */
export class MlflowModelResolver implements ModelResolver {
  readonly #options: MlflowModelResolverOptions;
  readonly #servers: MlflowServers;

  constructor(options: MlflowModelResolverOptions = {}) {
    this.#options = options;
    this.#servers = new MlflowServers(options, this.#clock);
  }

  /**
   * Follows the URI to the model's files, reads what describes the model, and checks its flavors and requirements. Of the others
   * those are brought to `request.directory` whose bytes nothing but themselves can tell ({@link mustBeRead}); the rest stays at its
   * store until it is opened or brought. A model in a directory of this machine stays where it is, and is read.
   */
  async resolve(request: ResolveRequest, context: StepContext): Promise<ResolvedModel> {
    try {
      const { artifacts, download, description, source } = await this.#open(request, context);
      const { metadata, texts, files } = description;
      const requirements = readRequirements(texts, metadata.mlflowVersion, context);
      const rest = artifacts.filter((artifact) => !isDescription(artifact));
      const here = [...files, ...(await download.fetch(rest.filter((artifact) => mustBeRead(artifact, metadata))))];
      const stored = rest.filter((artifact) => !mustBeRead(artifact, metadata)).map(storedFile);
      const all = [...here, ...stored].toSorted((a, b) => (a.path < b.path ? -1 : 1));
      const brought = new BroughtFiles(artifacts, here, request.directory, this.#clock);
      return { source, metadata, requirements, files: all, bring: (paths, by) => brought.bring(paths, by) };
    } catch (error) {
      throw DeploymentError.from(error, `Resolving the model ${withoutCredentials(request.modelUri)}`);
    }
  }

  /** As {@link resolve}, as far as the model's description goes: of its files only those few are read, and none is kept. */
  async describe(request: DescribeRequest, context: StepContext): Promise<Pick<ResolvedModel, "source" | "metadata">> {
    const directory = await temporaryDirectory();
    try {
      const { source, description } = await this.#open({ ...request, directory }, { ...context, report: () => {} });
      return { source, metadata: description.metadata };
    } catch (error) {
      throw DeploymentError.from(error, `Describing the model ${withoutCredentials(request.modelUri)}`);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  /** Finds a model, and reads what describes it. */
  async #open({ modelUri, flavor, directory }: ResolveRequest, context: StepContext) {
    const place = await new ModelLocator(this.#clients(), context).locate(modelUri);
    const list = (uris: readonly string[]) => this.#artifacts().list(uris, context);
    const artifacts = await list(place.artifactUris);
    const mlmodel = await findMlmodel(artifacts, modelUri, place, list);
    const download = new Download(directory, context, this.#clock);
    const description = await describeModel(artifacts, flavor, download);
    const source: ModelSource = {
      uri: withoutCredentials(modelUri),
      artifactUri: withoutCredentials(mlmodel.directoryUri),
      runId: place.runId ?? description.metadata.runId,
      modelId: place.modelId ?? description.metadata.modelId,
      registeredModel: place.registeredModel,
    };
    return { artifacts, download, description, source };
  }

  #clients(): MlflowClients {
    return {
      tracking: () => new TrackingClient(this.#servers.tracking()),
      registry: () => new RegistryClient(this.#servers.registry()),
    };
  }

  get #clock(): Clock {
    return this.#options.clock ?? systemClock;
  }

  #artifacts(): Artifacts {
    const http = new HttpArtifactReader((server) => this.#servers.at(server));
    const proxied = new ProxiedArtifactReader(() => this.#servers.tracking());
    const readers = {
      "mlflow-artifacts": proxied,
      http,
      https: http,
      ...this.#options.readers,
      ...registeredArtifactReaders(),
    };
    return new Artifacts(readers, new Set<ArtifactReader>([proxied, http]));
  }
}

async function temporaryDirectory(): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), "mlflow-deployments-describe-"));
  } catch (error) {
    throw new DeploymentError(
      "PERMISSION_DENIED",
      `Cannot write to ${tmpdir()}: ${(error as Error).message}. Set TMPDIR to a directory that can be written.`,
      { cause: error },
    );
  }
}
