import { z } from "zod";

import { DeploymentError } from "../core/errors.js";
import type { StepContext } from "../core/progress.js";
import type { MlflowHttp, ReadRequest } from "./http.js";

type Cancellable = Pick<StepContext, "signal">;

/** MLflow writes int64 as a string in some places and as a number in others. */
const integerText = z.union([z.string(), z.number()]).transform(String);

const runAnswer = z.object({
  run: z.object({
    info: z.object({ artifact_uri: z.string(), experiment_id: integerText }),
    data: z
      .object({ tags: z.array(z.object({ key: z.string(), value: z.string().default("") })).default([]) })
      .default({ tags: [] }),
    outputs: z
      .object({ model_outputs: z.array(z.object({ model_id: z.string() })).default([]) })
      .default({ model_outputs: [] }),
  }),
});

const versionAnswer = z.object({
  model_version: z.object({ name: z.string(), version: integerText, run_id: z.string().default("") }),
});

const versionsAnswer = z.object({ model_versions: z.array(z.object({ version: integerText })).default([]) });

const downloadUriAnswer = z.object({ artifact_uri: z.string() });

const registeredModelAnswer = z.object({
  registered_model: z.object({ aliases: z.array(z.object({ alias: z.string() })).default([]) }),
});

const loggedModel = z.object({
  info: z.object({
    model_id: z.string(),
    name: z.string().default(""),
    artifact_uri: z.string(),
    source_run_id: z.string().default(""),
  }),
});
const loggedModelAnswer = z.object({ model: loggedModel });
const loggedModelsAnswer = z.object({ models: z.array(loggedModel).default([]) });

/** The log of models that MLflow 2 keeps in a tag of the run. */
const modelHistory = z.array(z.object({ artifact_path: z.string() }));

/** A run, as far as its models go. */
export interface Run {
  runId: string;
  artifactUri: string;
  experimentId: string;
  /** Logged models of the run (MLflow 3), each once. */
  modelIds: string[];
  /** Paths of models below the run's artifacts (MLflow 2), each once. */
  modelPaths: string[];
}

/** A model that a run logged (MLflow 3). */
export interface LoggedModel {
  modelId: string;
  name: string;
  artifactUri: string;
  sourceRunId: string | null;
}

/** A version in MLflow's model registry. */
export interface RegisteredVersion {
  name: string;
  version: string;
  runId: string | null;
}

/** The part of MLflow's REST API (`/api/2.0/mlflow`) that leads to a model's files. Works with MLflow 2 and 3. */
export class TrackingClient {
  readonly #http: MlflowHttp;

  constructor(http: MlflowHttp) {
    this.#http = http;
  }

  /** Whether a file path that the server names can mean a file on this machine. */
  get isLocal(): boolean {
    return this.#http.connection.isLocal;
  }

  async run(runId: string, context: Cancellable): Promise<Run> {
    const request = this.#request("/runs/get", `the run "${runId}"`, { query: { run_id: runId } });
    const { run } = read(runAnswer, await this.#http.json(request, context), request);
    const history = run.data.tags.find((tag) => tag.key === "mlflow.log-model.history")?.value;
    return {
      runId,
      artifactUri: run.info.artifact_uri,
      experimentId: run.info.experiment_id,
      modelIds: unique(run.outputs.model_outputs.map((output) => output.model_id)),
      modelPaths: unique(historyPaths(history)),
    };
  }

  async version(name: string, version: string, context: Cancellable): Promise<RegisteredVersion> {
    const request = this.#request("/model-versions/get", `version ${version} of the model "${name}"`, {
      query: { name, version },
    });
    return registeredVersion(read(versionAnswer, await this.#http.json(request, context), request));
  }

  /**
   * Where a version's files are. The version's `source` does not always say: on MLflow 3 it is a `models:` URI.
   * This answer can be one too, when the server falls back to `source`.
   */
  async versionDownloadUri(name: string, version: string, context: Cancellable): Promise<string> {
    const what = `the files of version ${version} of the model "${name}"`;
    const request = this.#request("/model-versions/get-download-uri", what, { query: { name, version } });
    return read(downloadUriAnswer, await this.#http.json(request, context), request).artifact_uri;
  }

  async versionByAlias(name: string, alias: string, context: Cancellable): Promise<RegisteredVersion> {
    const what = `the alias "${alias}" of the model "${name}"`;
    const request = this.#request("/registered-models/alias", what, { query: { name, alias } });
    try {
      return registeredVersion(read(versionAnswer, await this.#http.json(request, context), request));
    } catch (error) {
      // MLflow answers 400, not 404, for an alias that is not there
      if (!DeploymentError.is(error) || error.code !== "INVALID_PARAMETER_VALUE") throw error;
      const aliases = await this.#aliases(name, context);
      const known = aliases.length === 0 ? "it has no aliases" : `it has ${aliases.join(", ")}`;
      throw new DeploymentError("RESOURCE_DOES_NOT_EXIST", `The model "${name}" has no alias "${alias}"; ${known}.`, {
        cause: error,
      });
    }
  }

  /** The highest version of a stage, or of all when `stage` is null. */
  async latestVersion(name: string, stage: string | null, context: Cancellable): Promise<string> {
    const body = stage === null ? { name } : { name, stages: [stage] };
    const request = this.#request("/registered-models/get-latest-versions", `the versions of the model "${name}"`, {
      body,
    });
    const { model_versions } = read(versionsAnswer, await this.#http.json(request, context), request);
    const latest = Math.max(...model_versions.map(({ version }) => Number(version)));
    if (!Number.isInteger(latest)) {
      const which = stage === null ? "" : ` in the stage "${stage}"`;
      throw new DeploymentError(
        "RESOURCE_DOES_NOT_EXIST",
        `The model "${name}" has no version${which}. Use models:/${name}/VERSION or models:/${name}@ALIAS.`,
      );
    }
    return String(latest);
  }

  async loggedModel(modelId: string, context: Cancellable): Promise<LoggedModel> {
    const what = `the logged model "${modelId}"`;
    const request = this.#request(`/logged-models/${encodeURIComponent(modelId)}`, what, {});
    const answer = await this.#http.jsonOfNewerRoute(request, context);
    if (answer === null) {
      throw new DeploymentError(
        "RESOURCE_DOES_NOT_EXIST",
        `Cannot read ${what}: the server has no logged models. They came with MLflow 3; on an older one use models:/NAME/VERSION or runs:/RUN_ID/path.`,
      );
    }
    return fromLoggedModel(read(loggedModelAnswer, answer, request).model);
  }

  /** The newest model of this name that a run logged; null when there is none, or the server is older than MLflow 3. */
  async loggedModelOfRun(run: Run, name: string, context: Cancellable): Promise<LoggedModel | null> {
    // what MLflow allows in no name of a logged model would end the quoted text of the filter
    if (/["':.%/\\]/.test(name + run.runId)) return null;
    const body = {
      experiment_ids: [run.experimentId],
      filter: `name = '${name}' AND source_run_id = '${run.runId}'`,
      max_results: 10,
    };
    const request = this.#request("/logged-models/search", `the logged models of the run "${run.runId}"`, { body });
    const answer = await this.#http.jsonOfNewerRoute(request, context);
    if (answer === null) return null;
    const { models } = read(loggedModelsAnswer, answer, request);
    const model = models.find(({ info }) => info.source_run_id === run.runId);
    return model === undefined ? null : fromLoggedModel(model);
  }

  async #aliases(name: string, context: Cancellable): Promise<string[]> {
    const request = this.#request("/registered-models/get", `the model "${name}"`, { query: { name } });
    const { registered_model } = read(registeredModelAnswer, await this.#http.json(request, context), request);
    return registered_model.aliases.map(({ alias }) => alias);
  }

  #request(path: string, what: string, rest: Pick<ReadRequest, "query" | "body">): ReadRequest {
    return { url: this.#http.connection.resolve(`/api/2.0/mlflow${path}`), what, ...rest };
  }
}

function read<T>(schema: z.ZodType<T>, answer: Record<string, unknown>, request: ReadRequest): T {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  const where = result.error.issues[0]?.path.join(".") ?? "";
  throw new DeploymentError(
    "INTERNAL_ERROR",
    `${new URL(request.url).origin} answered about ${request.what} in an unknown form (at "${where}"). Is this an MLflow server?`,
  );
}

function registeredVersion({ model_version }: z.infer<typeof versionAnswer>): RegisteredVersion {
  return { name: model_version.name, version: model_version.version, runId: model_version.run_id || null };
}

function fromLoggedModel({ info }: z.infer<typeof loggedModel>): LoggedModel {
  return {
    modelId: info.model_id,
    name: info.name,
    artifactUri: info.artifact_uri,
    sourceRunId: info.source_run_id || null,
  };
}

function historyPaths(tag: string | undefined): string[] {
  try {
    return modelHistory.parse(JSON.parse(tag ?? "[]")).map((entry) => entry.artifact_path);
  } catch {
    // the tag is a note of MLflow's client, not something that a run must have
    return [];
  }
}

function unique(values: string[]): string[] {
  return [...new Set(values)];
}
