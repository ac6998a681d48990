import { z } from "zod";

import { DeploymentError } from "../core/errors.js";
import type { StepContext } from "../core/progress.js";
import type { MlflowHttp, ReadRequest } from "./http.js";
import { integerText, readAnswer } from "./rest-answer.js";

type Cancellable = Pick<StepContext, "signal">;

const runAnswer = z.object({
  run: z.object({
    info: z.object({ artifact_uri: z.string(), experiment_id: integerText, lifecycle_stage: z.string().default("") }),
    data: z
      .object({ tags: z.array(z.object({ key: z.string(), value: z.string().default("") })).default([]) })
      .default({ tags: [] }),
    outputs: z
      .object({ model_outputs: z.array(z.object({ model_id: z.string() })).default([]) })
      .default({ model_outputs: [] }),
  }),
});

const loggedModel = z.object({
  info: z.object({
    model_id: z.string(),
    name: z.string().default(""),
    artifact_uri: z.string(),
    source_run_id: z.string().default(""),
    status: z.string().default(""),
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
  /** Deleted runs are answered for like others, until they are purged. */
  isDeleted: boolean;
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
  /** `LOGGED_MODEL_READY` when all its files are there. */
  status: string;
}

/** The part of MLflow's REST API (`/api/2.0/mlflow`) that leads from runs to a model's files. Works with MLflow 2 and 3. */
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
    const { run } = readAnswer(runAnswer, await this.#http.json(request, context), request);
    const history = run.data.tags.find((tag) => tag.key === "mlflow.log-model.history")?.value;
    return {
      runId,
      artifactUri: run.info.artifact_uri,
      experimentId: run.info.experiment_id,
      isDeleted: run.info.lifecycle_stage === "deleted",
      modelIds: unique(run.outputs.model_outputs.map((output) => output.model_id)),
      modelPaths: unique(historyPaths(history)),
    };
  }

  async loggedModel(modelId: string, context: Cancellable): Promise<LoggedModel> {
    const what = `the logged model "${modelId}"`;
    const request = this.#request(`/logged-models/${encodeURIComponent(modelId)}`, what, {});
    // MLflow makes ids of this form only; anything else is a name without a version
    const isId = /^m-[0-9a-f]+$/.test(modelId);
    const advice = isId ? "" : ` A registered model is models:/${modelId}/VERSION or models:/${modelId}@ALIAS.`;
    let answer: Record<string, unknown> | null;
    try {
      answer = await this.#http.jsonOfNewerRoute(request, context);
    } catch (error) {
      if (isId || !DeploymentError.is(error) || error.code !== "RESOURCE_DOES_NOT_EXIST") throw error;
      throw new DeploymentError(error.code, `${error.message}.${advice}`, { cause: error });
    }
    if (answer === null) {
      throw new DeploymentError(
        "RESOURCE_DOES_NOT_EXIST",
        `Cannot read ${what}: the server has no logged models. They came with MLflow 3; on an older one use models:/NAME/VERSION or runs:/RUN_ID/path.`,
      );
    }
    return fromLoggedModel(readAnswer(loggedModelAnswer, answer, request).model);
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
    const { models } = readAnswer(loggedModelsAnswer, answer, request);
    const model = models.find(({ info }) => info.source_run_id === run.runId);
    return model === undefined ? null : fromLoggedModel(model);
  }

  #request(path: string, what: string, rest: Pick<ReadRequest, "query" | "body">): ReadRequest {
    return { url: this.#http.connection.resolve(`/api/2.0/mlflow${path}`), what, ...rest };
  }
}

function fromLoggedModel({ info }: z.infer<typeof loggedModel>): LoggedModel {
  return {
    modelId: info.model_id,
    name: info.name,
    artifactUri: info.artifact_uri,
    sourceRunId: info.source_run_id || null,
    status: info.status,
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
