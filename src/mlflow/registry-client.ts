import { z } from "zod";

import { DeploymentError } from "../core/errors.js";
import type { StepContext } from "../core/progress.js";
import type { MlflowHttp, ReadRequest } from "./http.js";
import { tidy } from "./http-failure.js";
import { integerText, readAnswer } from "./rest-answer.js";
import { shortList } from "./short-list.js";

type Cancellable = Pick<StepContext, "signal">;

const versionAnswer = z.object({
  model_version: z.object({
    version: integerText,
    run_id: z.string().default(""),
    status: z.string().default("READY"),
    status_message: z.string().default(""),
  }),
});
const versionsAnswer = z.object({ model_versions: z.array(z.object({ version: integerText })).default([]) });
const downloadUriAnswer = z.object({ artifact_uri: z.string() });
const registeredModelAnswer = z.object({
  registered_model: z.object({ aliases: z.array(z.object({ alias: z.string() })).default([]) }),
});
const registeredModelsAnswer = z.object({
  registered_models: z.array(z.object({ name: z.string() })).default([]),
});

/** The largest number that MLflow's databases can hold as a version; a larger one is a failure of the server there. */
const largestVersion = 2 ** 31 - 1;
/** Versions and models that are looked up to be named in a message. */
const mostNamed = 100;

/** A version in MLflow's model registry. */
export interface RegisteredVersion {
  version: string;
  runId: string | null;
}

/** The part of MLflow's REST API (`/api/2.0/mlflow`) that leads from a registered model to its files. */
export class RegistryClient {
  readonly #http: MlflowHttp;

  constructor(http: MlflowHttp) {
    this.#http = http;
  }

  /** Whether a file path that the server names can mean a file on this machine. */
  get isLocal(): boolean {
    return this.#http.connection.isLocal;
  }

  /** @throws DeploymentError `RESOURCE_DOES_NOT_EXIST` with what there is; `FAILED_PRECONDITION` for a version that is not ready. */
  async version(name: string, version: string, context: Cancellable): Promise<RegisteredVersion> {
    const missing = `no version ${version}`;
    if (Number(version) > largestVersion) throw await this.#absent(name, missing, null, context);
    const request = this.#request("/model-versions/get", `version ${version} of the model "${name}"`, {
      query: { name, version },
    });
    const answer = await this.#orAbsent(request, name, missing, context);
    const { model_version } = readAnswer(versionAnswer, answer, request);
    checkReady(request.what, model_version);
    return { version: model_version.version, runId: model_version.run_id || null };
  }

  /**
   * Where a version's files are. The version's `source` does not always say: on MLflow 3 it is a `models:` URI.
   * This answer can be one too, when the server falls back to `source`.
   */
  async versionDownloadUri(name: string, version: string, context: Cancellable): Promise<string> {
    const what = `the files of version ${version} of the model "${name}"`;
    const request = this.#request("/model-versions/get-download-uri", what, { query: { name, version } });
    return readAnswer(downloadUriAnswer, await this.#http.json(request, context), request).artifact_uri;
  }

  async versionByAlias(name: string, alias: string, context: Cancellable): Promise<string> {
    const what = `the alias "${alias}" of the model "${name}"`;
    const request = this.#request("/registered-models/alias", what, { query: { name, alias } });
    const answer = await this.#orAbsent(request, name, `no alias "${alias}"`, context);
    return readAnswer(versionAnswer, answer, request).model_version.version;
  }

  /** The highest version of a stage, or of all when `stage` is null. */
  async latestVersion(name: string, stage: string | null, context: Cancellable): Promise<string> {
    const body = stage === null ? { name } : { name, stages: [stage] };
    const what = `the versions of the model "${name}"`;
    const request = this.#request("/registered-models/get-latest-versions", what, { body });
    const missing = stage === null ? "no version" : `no version in the stage "${stage}"`;
    const answer = await this.#orAbsent(request, name, missing, context);
    const { model_versions } = readAnswer(versionsAnswer, answer, request);
    const latest = Math.max(...model_versions.map(({ version }) => Number(version)));
    if (Number.isInteger(latest)) return String(latest);
    throw await this.#absent(name, missing, null, context);
  }

  /** The answer; where MLflow says that there is no such thing, an error that says what there is. */
  async #orAbsent(
    request: ReadRequest,
    name: string,
    missing: string,
    context: Cancellable,
  ): Promise<Record<string, unknown>> {
    try {
      return await this.#http.json(request, context);
    } catch (error) {
      // MLflow answers 400, not 404, for an alias that is not there and for a stage that does not exist
      const codes = ["RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"];
      if (!DeploymentError.is(error) || !codes.includes(error.code)) throw error;
      throw await this.#absent(name, missing, error, context);
    }
  }

  async #absent(
    name: string,
    missing: string,
    cause: DeploymentError | null,
    context: Cancellable,
  ): Promise<DeploymentError> {
    const get = this.#request("/registered-models/get", `the model "${name}"`, { query: { name } });
    try {
      const { registered_model } = readAnswer(registeredModelAnswer, await this.#http.json(get, context), get);
      const aliases = registered_model.aliases.map(({ alias }) => alias);
      const there = `it has ${await this.#versions(name, context)}${listed("alias", aliases)}`;
      const message = `The model "${name}" at ${this.#http.connection.uri} has ${missing}; ${there}.`;
      return new DeploymentError("RESOURCE_DOES_NOT_EXIST", message, { cause });
    } catch (error) {
      if (!DeploymentError.is(error) || error.code !== "RESOURCE_DOES_NOT_EXIST")
        return cause ?? DeploymentError.from(error, `Reading ${get.what}`);
      return this.#noSuchModel(name, error, context);
    }
  }

  async #noSuchModel(name: string, cause: DeploymentError, context: Cancellable): Promise<DeploymentError> {
    const what = "the registered models";
    const search = this.#request("/registered-models/search", what, { query: { max_results: String(mostNamed) } });
    const answer = await this.#http.json(search, context).catch(() => ({}));
    const names = registeredModelsAnswer.safeParse(answer).data?.registered_models.map((model) => model.name) ?? [];
    const there = names.length === 0 ? "it shows no models to this user" : `it has ${shortList(names)}`;
    // which MLflow's own client takes for a registered model's name, too
    const advice = /^m-[0-9a-f]{32}$/.test(name)
      ? ` The URI of a logged model is models:/${name}, without a path.`
      : "";
    return new DeploymentError(
      "RESOURCE_DOES_NOT_EXIST",
      `The registry at ${this.#http.connection.uri} has no model "${name}"; ${there}.${advice}`,
      { cause },
    );
  }

  /** `the versions 3, 2 and `; nothing when they cannot be looked for. */
  async #versions(name: string, context: Cancellable): Promise<string> {
    const quote = name.includes("'") ? '"' : "'";
    const query = { filter: `name=${quote}${name}${quote}`, max_results: String(mostNamed) };
    const request = this.#request("/model-versions/search", `the versions of the model "${name}"`, { query });
    const answer = await this.#http.json(request, context).catch(() => null);
    if (answer === null) return "";
    const numbers = readAnswer(versionsAnswer, answer, request).model_versions.map(({ version }) => Number(version));
    const newestFirst = numbers.toSorted((a, b) => b - a).map(String);
    return `${listed("version", newestFirst)} and `;
  }

  #request(path: string, what: string, rest: Pick<ReadRequest, "query" | "body">): ReadRequest {
    return { url: this.#http.connection.resolve(`/api/2.0/mlflow${path}`), what, ...rest };
  }
}

function checkReady(what: string, version: z.infer<typeof versionAnswer>["model_version"]): void {
  if (version.status === "READY") return;
  const said = version.status_message === "" ? "" : `, ${tidy(version.status_message)}`;
  const advice =
    version.status === "PENDING_REGISTRATION"
      ? "Wait until it is registered"
      : "Register the model again, or take another version";
  throw new DeploymentError(
    "FAILED_PRECONDITION",
    `MLflow has no complete model at ${what} (${tidy(version.status)}${said}). ${advice}.`,
  );
}

/** `the versions 3, 2`, or `no versions`. */
function listed(noun: "version" | "alias", values: readonly string[]): string {
  const plural = noun === "alias" ? "aliases" : `${noun}s`;
  if (values.length === 0) return `no ${plural}`;
  return `the ${values.length === 1 ? noun : plural} ${shortList(values)}`;
}
