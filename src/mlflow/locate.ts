import { fileURLToPath } from "node:url";
import { isAbsolute } from "node:path";

import { DeploymentError } from "../core/errors.js";
import type { StepContext } from "../core/progress.js";
import { parseModelUri } from "./model-uri.js";
import { withoutCredentials } from "./printable-uri.js";
import { safePath } from "./safe-path.js";
import type { LoggedModel, Run, TrackingClient } from "./tracking-client.js";

/** Where a model's files are, and what MLflow knows of the model on the way there. */
export interface ModelPlace {
  /** URIs of directories. Where two have a file of the same path, the later one's counts. */
  artifactUris: string[];
  runId: string | null;
  modelId: string | null;
  registeredModel: { name: string; version: string } | null;
  /** Model URIs to try when there is nothing at this one. */
  alternatives(): Promise<string[]>;
}

/** More URIs than this that lead to one another are a loop. */
const longestTrail = 8;
/** Models of a run that are looked up to be named in a message. */
const mostAlternatives = 10;

/** Follows a model URI through runs and registry to directories of files. */
export class ModelLocator {
  readonly #tracking: () => TrackingClient;
  readonly #context: StepContext;

  /** @param tracking Called when a URI needs it, so that a local directory needs no tracking server. */
  constructor(tracking: () => TrackingClient, context: StepContext) {
    this.#tracking = tracking;
    this.#context = context;
  }

  /** @throws DeploymentError `RESOURCE_DOES_NOT_EXIST`, or `INVALID_PARAMETER_VALUE` when the URI names several models or none can be read there. */
  async locate(uri: string): Promise<ModelPlace> {
    return this.#follow(uri, []);
  }

  /** `trail` holds the URIs that led here; all after the first were named by the server. */
  async #follow(uri: string, trail: readonly string[]): Promise<ModelPlace> {
    if (trail.includes(uri) || trail.length >= longestTrail) {
      const loop = [...trail, uri].map(withoutCredentials).join(" → ");
      throw new DeploymentError(
        "INVALID_PARAMETER_VALUE",
        `The model URI leads in a circle: ${loop}. Use the URI of a directory of files.`,
      );
    }
    const next = [...trail, uri];
    const parsed = parseModelUri(uri);
    switch (parsed.kind) {
      case "run":
        return this.#run(parsed.runId, parsed.path, next);
      case "loggedModel":
        return this.#loggedModel(await this.#tracking().loggedModel(parsed.modelId, this.#context), null, next);
      case "version":
        return this.#version(parsed.name, parsed.version, parsed.path, next);
      case "alias": {
        const { version } = await this.#tracking().versionByAlias(parsed.name, parsed.alias, this.#context);
        return this.#version(parsed.name, version, parsed.path, next);
      }
      case "stage": {
        const version = await this.#tracking().latestVersion(parsed.name, parsed.stage, this.#context);
        return this.#version(parsed.name, version, parsed.path, next);
      }
      default: {
        const place = parsed.scheme === "file" ? this.#directory(parsed.uri, trail.length > 0) : parsed.uri;
        return { ...nothingKnown, artifactUris: [place] };
      }
    }
  }

  async #version(name: string, version: string, path: string | null, trail: readonly string[]): Promise<ModelPlace> {
    const tracking = this.#tracking();
    const { runId } = await tracking.version(name, version, this.#context);
    const place = await this.#follow(await tracking.versionDownloadUri(name, version, this.#context), trail);
    return { ...below(place, path), runId: place.runId ?? runId, registeredModel: { name, version } };
  }

  async #loggedModel(model: LoggedModel, path: string | null, trail: readonly string[]): Promise<ModelPlace> {
    const place = await this.#follow(model.artifactUri, trail);
    return { ...below(place, path), runId: model.sourceRunId ?? place.runId, modelId: model.modelId };
  }

  async #run(runId: string, path: string | null, trail: readonly string[]): Promise<ModelPlace> {
    const run = await this.#tracking().run(runId, this.#context);
    const modelPath = path ?? this.#onlyModelPath(run);
    if (modelPath === null) return this.#onlyLoggedModel(run, trail);

    // MLflow 3 keeps a model apart from its run, whose own listing is then empty; MLflow's client lays one over the other
    const ofRun = await this.#follow(join(run.artifactUri, modelPath), trail);
    const [name = "", ...deeper] = modelPath.split("/");
    const model = await this.#tracking().loggedModelOfRun(run, name, this.#context);
    const alternatives = async (): Promise<string[]> => [
      ...pathsOfModels(run),
      ...(await this.#modelsOf(run)).map((known) => known.uri),
    ];
    if (model === null) return { ...ofRun, runId, alternatives };
    const ofModel = await this.#loggedModel(model, deeper.join("/") || null, trail);
    return { ...ofModel, artifactUris: [...ofRun.artifactUris, ...ofModel.artifactUris], alternatives };
  }

  /** The path of a run's only model; null when the run has logged models, which MLflow 3 keeps elsewhere. */
  #onlyModelPath(run: Run): string | null {
    if (run.modelIds.length > 0) return null;
    if (run.modelPaths.length > 1) throw severalModels(run, pathsOfModels(run));
    return safePath(run.modelPaths[0] ?? "model", "The run's tag mlflow.log-model.history");
  }

  async #onlyLoggedModel(run: Run, trail: readonly string[]): Promise<ModelPlace> {
    const models = await this.#modelsOf(run);
    const [only] = models;
    if (only === undefined || models.length > 1)
      throw severalModels(
        run,
        models.map((known) => known.uri),
      );
    return this.#loggedModel(only.model, null, trail);
  }

  /** The models that a run logged, with the URI of each. */
  async #modelsOf(run: Run): Promise<{ uri: string; model: LoggedModel }[]> {
    const ids = run.modelIds.slice(0, mostAlternatives);
    const models = await Promise.all(ids.map((id) => this.#tracking().loggedModel(id, this.#context)));
    return models.map((model) => {
      const isOnlyOfItsName = models.filter(({ name }) => name === model.name).length === 1;
      return { uri: isOnlyOfItsName ? `runs:/${run.runId}/${model.name}` : `models:/${model.modelId}`, model };
    });
  }

  /** A directory of this machine as an absolute path. */
  #directory(uri: string, namedByServer: boolean): string {
    const path = /^file:/i.test(uri) ? pathOfFileUri(uri) : uri;
    if (namedByServer && !(isAbsolute(path) && this.#tracking().isLocal)) {
      throw new DeploymentError(
        "INVALID_PARAMETER_VALUE",
        `MLflow keeps this model in "${path}" on the machine of its server. Start the server with --serve-artifacts, or, if ` +
          "that directory is mounted here, use its path as the model URI.",
      );
    }
    return path;
  }
}

const nothingKnown = {
  runId: null,
  modelId: null,
  registeredModel: null,
  alternatives: async (): Promise<string[]> => [],
};

/** The models of MLflow 2, which are among the run's own artifacts. */
function pathsOfModels(run: Run): string[] {
  return run.modelPaths.map((path) => `runs:/${run.runId}/${path}`);
}

function severalModels(run: Run, uris: string[]): DeploymentError {
  return new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The run "${run.runId}" logged ${Math.max(run.modelIds.length, uris.length)} models; choose one, such as ${uris.join(" or ")}.`,
  );
}

function below(place: ModelPlace, path: string | null): ModelPlace {
  return path === null ? place : { ...place, artifactUris: place.artifactUris.map((uri) => join(uri, path)) };
}

function join(uri: string, path: string): string {
  return `${uri.replace(/\/+$/, "")}/${path}`;
}

function pathOfFileUri(uri: string): string {
  try {
    return fileURLToPath(uri);
  } catch (error) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `"${uri}" is not the URI of a file on this machine. Write file:///absolute/path.`,
      {
        cause: error,
      },
    );
  }
}
