import { readFile } from "node:fs/promises";

import { registeredArtifactReaders } from "../core/artifact-readers.js";
import { type Clock, systemClock } from "../core/clock.js";
import { DeploymentError } from "../core/errors.js";
import type { ModelFile, ModelMetadata, ResolvedModel } from "../core/model.js";
import type { StepContext } from "../core/progress.js";
import type { ArtifactReader, ModelResolver, ResolveRequest } from "../core/services.js";
import type { Artifact } from "./artifact.js";
import { Artifacts } from "./artifacts.js";
import { TrackingConnection } from "./connection.js";
import type { MlflowCredentials } from "./credentials.js";
import { Download } from "./download.js";
import { HttpArtifactReader } from "./http-artifacts.js";
import { MlflowHttp } from "./http.js";
import { ModelLocator, type ModelPlace } from "./locate.js";
import { checkFlavors, mlmodelFile, readMlmodel } from "./mlmodel.js";
import { withoutCredentials } from "./printable-uri.js";
import { ProxiedArtifactReader } from "./proxied-artifacts.js";
import { type EnvironmentFiles, readPythonVersion, readRequirements } from "./requirements.js";
import { TrackingClient } from "./tracking-client.js";

/** Options of {@link MlflowModelResolver}. */
export interface MlflowModelResolverOptions {
  /** The tracking server, http or https, with its path prefix. Default `MLFLOW_TRACKING_URI`. Only model URIs that lead there need it. */
  trackingUri?: string | undefined;
  /** Default: those in the tracking URI, then `MLFLOW_TRACKING_*`, then `~/.mlflow/credentials`. Sent to the server's own origin only. */
  credentials?: MlflowCredentials | undefined;
  /** Readers of other stores, by the scheme of their URIs, such as `gs`. */
  readers?: Record<string, ArtifactReader> | undefined;
  /** Where `MLFLOW_*` variables are read. Default `process.env`. */
  env?: NodeJS.ProcessEnv | undefined;
  /** For waits between retries. Default: the machine's. */
  clock?: Clock | undefined;
}

/** Files that describe a model. They are read before the others are downloaded, so that a wrong model fails at once. */
const descriptionFiles: readonly string[] = [mlmodelFile, "requirements.txt", "conda.yaml", "python_env.yaml"];
/** Bytes of a file that describes a model. */
const largestDescription = 4 * 1024 * 1024;

/** Finds models over MLflow's REST API (2.x and 3.x), or in a directory, and brings their files to this machine. */
export class MlflowModelResolver implements ModelResolver {
  readonly #options: MlflowModelResolverOptions;
  #http: MlflowHttp | undefined;

  constructor(options: MlflowModelResolverOptions = {}) {
    this.#options = options;
  }

  /**
   * Follows the URI to the model's files, reads what describes the model, checks its flavors and requirements, and then brings all
   * of its files to `request.directory`. A model in a directory of this machine stays where it is.
   */
  async resolve(request: ResolveRequest, context: StepContext): Promise<ResolvedModel> {
    try {
      return await this.#resolve(request, context);
    } catch (error) {
      throw DeploymentError.from(error, `Resolving the model ${withoutCredentials(request.modelUri)}`);
    }
  }

  async #resolve(request: ResolveRequest, context: StepContext): Promise<ResolvedModel> {
    const place = await new ModelLocator(() => new TrackingClient(this.#connect()), context).locate(request.modelUri);
    const artifacts = await this.#artifacts().list(place.artifactUris, context);
    const mlmodel = await findMlmodel(artifacts, request.modelUri, place);

    const download = new Download(artifacts, request.directory, context, this.#clock);
    const [descriptions, others] = partition(artifacts, (artifact) => descriptionFiles.includes(artifact.path));
    const described = await download.fetch(descriptions.map(checkDescriptionSize));
    const files = await readTexts(described.map(checkDescriptionSize));
    const metadata = completeMetadata(readMlmodel(files[mlmodelFile] ?? ""), files, artifacts);
    checkFlavors(metadata, request.flavor);
    const requirements = readRequirements(files, metadata.mlflowVersion, context);

    const rest = await download.fetch(others);
    return {
      source: {
        uri: withoutCredentials(request.modelUri),
        artifactUri: withoutCredentials(mlmodel.directoryUri),
        runId: place.runId ?? metadata.runId,
        modelId: place.modelId ?? metadata.modelId,
        registeredModel: place.registeredModel,
      },
      metadata,
      requirements,
      files: [...described, ...rest].toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    };
  }

  get #clock(): Clock {
    return this.#options.clock ?? systemClock;
  }

  #artifacts(): Artifacts {
    const http = new HttpArtifactReader((server) => this.#connectTo(server));
    return new Artifacts({
      "mlflow-artifacts": new ProxiedArtifactReader(() => this.#connect()),
      http,
      https: http,
      ...this.#options.readers,
      ...registeredArtifactReaders(),
    });
  }

  /** The connection for artifacts of any server. One that is not the tracking server gets nothing of ours, no certificate either. */
  #connectTo(server: URL): MlflowHttp {
    const { trackingUri, env = process.env } = this.#options;
    if (trackingUri || env.MLFLOW_TRACKING_URI) return this.#connect();
    return new MlflowHttp(new TrackingConnection(server.origin, {}, {}), this.#clock);
  }

  /** The connection to the tracking server, made when a model URI first needs it. */
  #connect(): MlflowHttp {
    const { trackingUri, credentials, env = process.env } = this.#options;
    this.#http ??= new MlflowHttp(new TrackingConnection(trackingUri, credentials, env), this.#clock);
    return this.#http;
  }
}

async function findMlmodel(artifacts: readonly Artifact[], modelUri: string, place: ModelPlace): Promise<Artifact> {
  const found = artifacts.find(({ path }) => path === mlmodelFile);
  if (found !== undefined) return found;
  const uri = withoutCredentials(modelUri).replace(/\/+$/, "");
  const nested = artifacts.flatMap(({ path }) =>
    path.endsWith(`/${mlmodelFile}`) ? [`${uri}/${path.slice(0, -mlmodelFile.length - 1)}`] : [],
  );
  const models = nested.length > 0 ? nested : await place.alternatives().catch(() => []);
  const names = [...new Set(artifacts.map(({ path }) => path.replace(/\/.*$/, "/")))];
  const there = names.length === 0 ? "nothing is there" : `there are ${shortList(names)}`;
  const advice =
    models.length > 0
      ? `Models are at ${shortList(models)}.`
      : "A model URI names the directory that has the MLmodel file.";
  throw new DeploymentError(
    "RESOURCE_DOES_NOT_EXIST",
    `${uri} is no model: it has no MLmodel file; ${there}. ${advice}`,
  );
}

function checkDescriptionSize<T extends { path: string; size: number }>(file: T): T {
  if (file.size <= largestDescription) return file;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The model's ${file.path} has ${file.size} bytes; more than ${largestDescription} are not read.`,
  );
}

async function readTexts(files: readonly ModelFile[]): Promise<EnvironmentFiles & { [mlmodelFile]?: string }> {
  const texts = await Promise.all(
    files.map(async (file) => [file.path, await readFile(file.localPath, "utf8")] as const),
  );
  return Object.fromEntries(texts);
}

/** `metadata` with what other files than MLmodel know, and without an input example that is not there. */
function completeMetadata(
  metadata: ModelMetadata,
  files: EnvironmentFiles,
  artifacts: readonly Artifact[],
): ModelMetadata {
  const hasExample = artifacts.some(({ path }) => path === metadata.inputExample);
  return {
    ...metadata,
    pythonVersion: metadata.pythonVersion ?? readPythonVersion(files),
    inputExample: hasExample ? metadata.inputExample : null,
  };
}

function partition<T>(values: readonly T[], belongs: (value: T) => boolean): [T[], T[]] {
  return [values.filter(belongs), values.filter((value) => !belongs(value))];
}

function shortList(values: readonly string[]): string {
  const shown = values.slice(0, 10).join(", ");
  return values.length > 10 ? `${shown} and ${values.length - 10} more` : shown;
}
