import type { BatchInputFormat } from "./batch.js";
import type { ModelType } from "./model-type.js";
import type { PredictionInputs } from "./prediction-inputs.js";
import type { OnProgress } from "./progress.js";

/** What every method takes. */
export interface CallOptions<Config extends object = Record<string, unknown>> {
  /** The target's own settings for this call; the target's help lists them. */
  config?: Config | undefined;
  /** Stops the call. What the platform has already begun may go on; the same call again continues with it. */
  signal?: AbortSignal | undefined;
}

/** What long methods take as well. */
export interface LongCallOptions<Config extends object = Record<string, unknown>> extends CallOptions<Config> {
  onProgress?: OnProgress | undefined;
}

/** What the methods that change a deployment take as well. */
export interface ChangeOptions<Config extends object = Record<string, unknown>> extends LongCallOptions<Config> {
  /** Why, for a person: kept in the deployment's history. Must not hold a secret. */
  message?: string | undefined;
}

/** Options of `createDeployment`. */
export interface CreateDeploymentOptions<
  Config extends object = Record<string, unknown>,
> extends ChangeOptions<Config> {
  /** The deployment's name, unique among those of the target. */
  name?: string | undefined;
  /** `runs:/`, `models:/`, `mlflow-artifacts:/`, `gs://`, `file:` or a path. */
  modelUri?: string | undefined;
  /** A flavor that the model must have. */
  flavor?: string | undefined;
  /** An endpoint to deploy to, in place of one of the deployment's own. */
  endpoint?: string | undefined;
}

/** Options of `updateDeployment`. */
export interface UpdateDeploymentOptions<
  Config extends object = Record<string, unknown>,
> extends ChangeOptions<Config> {
  name: string;
  /** The new model. Default: the model stays, and `config` is what changes. */
  modelUri?: string | undefined;
  /** A flavor that the new model must have. Needs `modelUri`. */
  flavor?: string | undefined;
  /** The endpoint that the deployment is on, where it shares one. Default: it is looked for. */
  endpoint?: string | undefined;
}

/** Options of `deleteDeployment`. */
export interface DeleteDeploymentOptions<
  Config extends object = Record<string, unknown>,
> extends ChangeOptions<Config> {
  name: string;
  /** The endpoint that the deployment is on, where it shares one. Default: it is looked for. */
  endpoint?: string | undefined;
}

/** Options of `getDeployment`. */
export interface GetDeploymentOptions<Config extends object = Record<string, unknown>> extends CallOptions<Config> {
  name: string;
  /** The endpoint that the deployment is on, where it shares one. Default: it is looked for. */
  endpoint?: string | undefined;
}

/** Options of `listDeployments`. */
export interface ListDeploymentsOptions<Config extends object = Record<string, unknown>> extends CallOptions<Config> {
  /** Only those of this endpoint. */
  endpoint?: string | undefined;
}

/** Options of `predict` and `predictStream`. */
export interface PredictOptions<
  Config extends object = Record<string, unknown>,
  Model extends ModelType = ModelType,
> extends CallOptions<Config> {
  /** Either this or `endpoint`. */
  deploymentName?: string | undefined;
  /** Either this or `deploymentName`. */
  endpoint?: string | undefined;
  /** The rows: an array with one array, object or bare value for each, or another form of the same. */
  inputs: PredictionInputs<Model["input"]>;
  /** MLflow's inference parameters, by the model's signature. */
  params?: Model["params"] | undefined;
}

/** Options of `explain`. */
export type ExplainOptions<Config extends object = Record<string, unknown>> = PredictOptions<Config>;

/** Options of `predictBatch`. */
export interface PredictBatchOptions<Config extends object = Record<string, unknown>> extends LongCallOptions<Config> {
  /** The deployment whose model predicts. Either this or `endpoint`. */
  deploymentName?: string | undefined;
  /** An endpoint with one model that gets traffic, which predicts. Either this or `deploymentName`. */
  endpoint?: string | undefined;
  /** The rows: one file or several (`gs://bucket/rows.jsonl`, `gs://bucket/rows/*.jsonl`), or one `bq://project.dataset.table`. */
  input: string | readonly string[];
  /** Where to: `gs://bucket/directory`, or `bq://project`, `bq://project.dataset`, `bq://project.dataset.table`. */
  output: string;
  /** How the rows are written. Default: `bigquery` for a table, `csv` where all files are called `*.csv`, else `jsonl`. */
  inputFormat?: BatchInputFormat | undefined;
  /** MLflow's inference parameters, by the model's signature. */
  params?: Record<string, unknown> | undefined;
}

/** Options of `createEndpoint`. */
export interface CreateEndpointOptions<
  Config extends object = Record<string, unknown>,
> extends LongCallOptions<Config> {
  /** The endpoint's name, unique among those of the target. */
  name: string;
}

/** Options of `getEndpoint`. */
export interface GetEndpointOptions<Config extends object = Record<string, unknown>> extends CallOptions<Config> {
  /** The name that it was made with, or the platform's own name of it. */
  endpoint: string;
}

/** Options of `updateEndpoint`. */
export interface UpdateEndpointOptions<
  Config extends object = Record<string, unknown>,
> extends LongCallOptions<Config> {
  /** The name that it was made with, or the platform's own name of it. */
  endpoint: string;
}

/** Options of `deleteEndpoint`. */
export interface DeleteEndpointOptions<
  Config extends object = Record<string, unknown>,
> extends LongCallOptions<Config> {
  /** The name that it was made with, or the platform's own name of it. */
  endpoint: string;
}

/** Options of `getLogs`. */
export interface GetLogsOptions<Config extends object = Record<string, unknown>> extends CallOptions<Config> {
  name: string;
  /** How many lines at the most. Default 100. */
  lines?: number | undefined;
}

/** Options of `planDeployment`: those of the call that is planned. */
export type PlanDeploymentOptions<Config extends object = Record<string, unknown>> = CreateDeploymentOptions<Config>;

/** Options of `planPrune` and `prune`. */
export interface PruneOptions<Config extends object = Record<string, unknown>> extends LongCallOptions<Config> {
  /** How many versions of each model are kept, the newest, though nothing needs them. Default 0. */
  keepVersions?: number | undefined;
}
