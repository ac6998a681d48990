import { fileURLToPath } from "node:url";
import { isAbsolute } from "node:path";

import { DeploymentError } from "../core/errors.js";
import type { StepContext } from "../core/progress.js";
import { parseModelUri } from "./model-uri.js";
import { withoutCredentials } from "./printable-uri.js";
import { safePath } from "./safe-path.js";
import type { RegistryClient } from "./registry-client.js";
import type { LoggedModel, Run, TrackingClient } from "./tracking-client.js";

/** MLflow's servers, each made when a URI needs it, so that a local directory needs none. */
export interface MlflowClients {
  tracking(): TrackingClient;
  registry(): RegistryClient;
}

/** Where a model's files are, and what MLflow knows of the model on the way there. */
export interface ModelPlace {
  /** URIs of directories. Where two have a file of the same path, the later one's counts. */
  artifactUris: string[];
  runId: string | null;
  modelId: string | null;
  registeredModel: { name: string; version: string } | null;
  /** Model URIs to try when there is nothing at this one. */
  alternatives(): Promise<string[]>;
  /** Where the URI's path begins, when it has one: there may be models beside the one that is not there. */
  root: { uri: string; artifactUris: string[] } | null;
}

/** A URI on the way to a model's files. */
interface Step {
  uri: string;
  /** The URIs that led here, the user's first; all the others were named by a server. */
  trail: readonly string[];
  /** Whether a path of the server that named this one can mean something on this machine. */
  isLocal: boolean;
}

/** More URIs than this that lead to one another are a loop. */
const longestTrail = 8;
/** Models of a run that are looked up to be named in a message. */
const mostAlternatives = 10;

/**
 * Follows a model URI through runs and registry to directories of files. As in MLflow, registered models are looked for in the
 * registry; runs, logged models and `mlflow-artifacts:` are always those of the tracking server, also when a registry names them.
 */
export class ModelLocator {
  readonly #clients: MlflowClients;
  readonly #context: StepContext;

  constructor(clients: MlflowClients, context: StepContext) {
    this.#clients = clients;
    this.#context = context;
  }

  /**
   * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST`; `INVALID_PARAMETER_VALUE` when the URI names several models or none can be
   * read there; `FAILED_PRECONDITION` for a model that MLflow has not got completely.
   */
  async locate(uri: string): Promise<ModelPlace> {
    return this.#follow({ uri, trail: [], isLocal: false });
  }

  async #follow({ uri, trail, isLocal }: Step): Promise<ModelPlace> {
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
        return this.#loggedModel(await this.#clients.tracking().loggedModel(parsed.modelId, this.#context), null, next);
      case "version":
        return this.#version(parsed.name, parsed.version, parsed.path, next);
      case "alias": {
        const version = await this.#clients.registry().versionByAlias(parsed.name, parsed.alias, this.#context);
        return this.#version(parsed.name, version, parsed.path, next);
      }
      case "stage": {
        const version = await this.#clients.registry().latestVersion(parsed.name, parsed.stage, this.#context);
        return this.#version(parsed.name, version, parsed.path, next);
      }
      default: {
        const isNamedByServer = trail.length > 0;
        const place = parsed.scheme === "file" ? directory(parsed.uri, isNamedByServer, isLocal) : parsed.uri;
        return { ...nothingKnown, artifactUris: [place] };
      }
    }
  }

  async #version(name: string, named: string, path: string | null, trail: readonly string[]): Promise<ModelPlace> {
    const registry = this.#clients.registry();
    const { version, runId } = await registry.version(name, named, this.#context);
    const uri = await registry.versionDownloadUri(name, version, this.#context);
    const place = await this.#follow({ uri, trail, isLocal: registry.isLocal });
    const found = below(place, path, `models:/${name}/${version}`);
    return { ...found, runId: place.runId ?? runId, registeredModel: { name, version } };
  }

  async #loggedModel(model: LoggedModel, path: string | null, trail: readonly string[]): Promise<ModelPlace> {
    checkUploaded(model);
    const place = await this.#follow({ uri: model.artifactUri, trail, isLocal: this.#clients.tracking().isLocal });
    const found = below(place, path, `models:/${model.modelId}`);
    return { ...found, runId: model.sourceRunId ?? place.runId, modelId: model.modelId };
  }

  async #run(runId: string, path: string | null, trail: readonly string[]): Promise<ModelPlace> {
    const tracking = this.#clients.tracking();
    const run = await tracking.run(runId, this.#context);
    // a registered model may well outlive its run
    if (run.isDeleted && trail.length === 1) throw deletedRun(runId);
    const modelPath = path ?? this.#onlyModelPath(run);
    if (modelPath === null) return this.#onlyLoggedModel(run, trail);

    // MLflow 3 keeps a model apart from its run, whose own listing is then empty; MLflow's client lays one over the other
    const ofRun = await this.#follow({
      uri: join(run.artifactUri, modelPath),
      trail,
      isLocal: tracking.isLocal,
    });
    const [name = "", ...deeper] = modelPath.split("/");
    const model = await tracking.loggedModelOfRun(run, name, this.#context);
    const alternatives = async (): Promise<string[]> => [
      ...pathsOfModels(run),
      ...(await this.#modelsOf(run)).map((known) => known.uri),
    ];
    const root = { uri: `runs:/${runId}`, artifactUris: [run.artifactUri] };
    if (model === null) return { ...ofRun, runId, alternatives, root };
    const ofModel = await this.#loggedModel(model, deeper.join("/") || null, trail);
    return { ...ofModel, artifactUris: [...ofRun.artifactUris, ...ofModel.artifactUris], alternatives, root };
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
    const models = await Promise.all(ids.map((id) => this.#clients.tracking().loggedModel(id, this.#context)));
    return models.map((model) => {
      const isOnlyOfItsName = models.filter(({ name }) => name === model.name).length === 1;
      return { uri: isOnlyOfItsName ? `runs:/${run.runId}/${model.name}` : `models:/${model.modelId}`, model };
    });
  }
}

/** @param isLocal Whether a path of the server that named it can mean something here. */
function directory(uri: string, isNamedByServer: boolean, isLocal: boolean): string {
  const path = /^file:/i.test(uri) ? pathOfFileUri(uri) : uri;
  if (isNamedByServer && !(isAbsolute(path) && isLocal)) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `MLflow keeps this model in "${path}" on the machine of its server. Start the server with --serve-artifacts, or, if ` +
        "that directory is mounted here, use its path as the model URI.",
    );
  }
  return path;
}

const nothingKnown = {
  runId: null,
  modelId: null,
  registeredModel: null,
  alternatives: async (): Promise<string[]> => [],
  root: null,
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

/** @param uri Of `place` itself. */
function below(place: ModelPlace, path: string | null, uri: string): ModelPlace {
  if (path === null) return place;
  const { artifactUris } = place;
  return { ...place, artifactUris: artifactUris.map((root) => join(root, path)), root: { uri, artifactUris } };
}

/** MLflow itself still gives out what is left of such a run; nobody wants that by mistake. */
function deletedRun(runId: string): DeploymentError {
  return new DeploymentError(
    "RESOURCE_DOES_NOT_EXIST",
    `The run "${runId}" is deleted in MLflow, and its files will be purged. Restore it (mlflow runs restore --run-id ${runId}), ` +
      "or take the model of another run.",
  );
}

/** A server that says nothing of the status has no such thing. */
function checkUploaded({ modelId, name, status }: LoggedModel): void {
  const isIncomplete = status === "LOGGED_MODEL_PENDING" || status === "LOGGED_MODEL_UPLOAD_FAILED";
  if (!isIncomplete) return;
  const advice =
    status === "LOGGED_MODEL_PENDING"
      ? "Wait until it is logged; if nothing logs it any more, finalize it (MlflowClient.finalize_logged_model) or log it again"
      : "Log it again";
  throw new DeploymentError(
    "FAILED_PRECONDITION",
    `MLflow has not got all files of the logged model "${modelId}" (${name}): its status is ${status}. ${advice}.`,
  );
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
      `"${withoutCredentials(uri)}" is not the URI of a file on this machine. Write file:///absolute/path.`,
      {
        cause: error,
      },
    );
  }
}
