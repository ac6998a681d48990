/** An MLflow server, as its own REST API: makes runs and models without Python. */
export class MlflowRest {
  readonly #uri: string;
  readonly #authorization: Record<string, string>;

  /** @param user - `name:password`, for a server with users. */
  constructor(uri: string, user?: string) {
    this.#uri = uri;
    this.#authorization = user === undefined ? {} : { authorization: `Basic ${Buffer.from(user).toString("base64")}` };
  }

  async get(path: string): Promise<Answer> {
    return this.#send("GET", `/api/2.0/mlflow/${path}`);
  }

  async post(path: string, body: object, method = "POST"): Promise<Answer> {
    return this.#send(method, `/api/2.0/mlflow/${path}`, body);
  }

  /** An active run of the default experiment. */
  async createRun(): Promise<{ id: string; artifactUri: string }> {
    const { run } = await this.post("runs/create", { experiment_id: "0", start_time: Date.now() });
    return { id: run.info.run_id, artifactUri: run.info.artifact_uri };
  }

  /** Puts a small model to an `mlflow-artifacts:` URI. */
  async putModel(uri: string, files = modelFiles): Promise<void> {
    for (const [path, content] of Object.entries(files)) await this.#put(`${uri}/${path}`, content);
  }

  /** A registered model's next version. */
  async createVersion(name: string, source: string, runId = ""): Promise<string> {
    await this.post("registered-models/create", { name }).catch(() => {});
    const modelId = /^models:\/(m-\w+)$/.exec(source)?.[1];
    const body = { name, source, run_id: runId, ...(modelId && { model_id: modelId }) };
    const { model_version } = await this.post("model-versions/create", body);
    return model_version.version;
  }

  /** MLflow 3: a logged model of a run with all its files. */
  async createLoggedModel(runId: string, name: string): Promise<{ id: string; artifactUri: string }> {
    const { model } = await this.post("logged-models", { experiment_id: "0", name, source_run_id: runId });
    const { model_id: id, artifact_uri: artifactUri } = model.info;
    await this.putModel(artifactUri);
    await this.setStatus(id, "LOGGED_MODEL_READY");
    const outputs = { run_id: runId, models: [{ model_id: id, step: "0" }] };
    await this.post("runs/outputs", outputs);
    return { id, artifactUri };
  }

  async setStatus(modelId: string, status: string): Promise<void> {
    await this.post(`logged-models/${modelId}`, { model_id: modelId, status }, "PATCH");
  }

  async #put(uri: string, content: string): Promise<void> {
    const path = uri.replace(/^mlflow-artifacts:\//, "");
    const url = `${this.#uri}/api/2.0/mlflow-artifacts/artifacts/${path}`;
    const answer = await fetch(url, { method: "PUT", body: content, headers: this.#authorization });
    if (!answer.ok) throw new Error(`PUT ${path}: ${answer.status} ${await answer.text()}`);
  }

  async #send(method: string, path: string, body?: object): Promise<Answer> {
    const answer = await fetch(`${this.#uri}${path}`, {
      method,
      headers: { "content-type": "application/json", ...this.#authorization },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 500)}`);
    return JSON.parse(text || "{}") as Answer;
  }
}

/** What the methods that are used here answer; a field that is not there shows as undefined where it is used. */
interface Answer {
  run: { info: { run_id: string; artifact_uri: string } };
  model: { info: { model_id: string; artifact_uri: string } };
  model_version: { version: string };
}

/** A model with a part of its own, which is a model too. */
export const modelFiles: Record<string, string> = {
  MLmodel: "flavors: {python_function: {loader_module: m, python_version: 3.11.7}}\nmlflow_version: 2.22.0\n",
  "requirements.txt": "mlflow==2.22.0\n",
  "data/weights": "0123456789",
  "parts/scaler/MLmodel": "flavors: {python_function: {loader_module: scaler}}\n",
};
