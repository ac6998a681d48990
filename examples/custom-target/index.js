import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import * as sdk from "mlflow-deployments";
const load = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : []);
const save = (file, name, ...made) => {
  writeFileSync(`${file}.new`, JSON.stringify([...load(file).filter((other) => other.name !== name), ...made]));
  renameSync(`${file}.new`, file);
};
const missing = ({ name }) => refuse("RESOURCE_DOES_NOT_EXIST", `There is no deployment ${name}, and no endpoint.`);
const refuse = (code, message) => {
  throw new sdk.DeploymentError(code, message);
};

/** Names for running `mlflow models serve`: a model's URI is the URL of a server, and an update moves a name to another. */
class ScoringServerClient extends sdk.BaseDeploymentClient {
  createDeployment(options = {}) {
    return this.#call("createDeployment", options, (file, old) => {
      const isOther = old && old.model.source !== options.modelUri;
      return isOther ? refuse("RESOURCE_ALREADY_EXISTS", `${old.name} is another.`) : served(options, file, old);
    });
  }
  updateDeployment(options) {
    return this.#call("updateDeployment", options, (file, old = missing(options)) => served(options, file, old));
  }
  deleteDeployment(options) {
    return this.#call("deleteDeployment", options, (file) => save(file, options.name));
  }
  listDeployments(options = {}) {
    return this.#call("listDeployments", options, (file) => load(file).sort((a, b) => (a.name < b.name ? -1 : 1)));
  }
  getDeployment(options) {
    return this.#call("getDeployment", options, (_, found = missing(options)) => found);
  }
  predict(options) {
    return this.#call("predict", options, async () => {
      const { model } = await this.getDeployment({ ...options, name: sdk.predictionTarget(options).deploymentName });
      const rows = sdk.predictionRows(options);
      const format = typeof rows[0] === "object" && !Array.isArray(rows[0]) ? "dataframe_records" : "instances";
      const body = JSON.stringify({ [format]: rows, params: options.params });
      const init = { method: "POST", headers: { "content-type": "application/json" }, body, signal: options.signal };
      const response = await fetch(`${model.source}/invocations`, init);
      const text = await response.text();
      const code = response.status < 500 ? "INVALID_PARAMETER_VALUE" : "TEMPORARILY_UNAVAILABLE";
      return response.ok ? sdk.PredictionsResponse.fromJSON(text) : refuse(code, text.slice(0, 500));
    });
  }
  #call(method, options, work) {
    const { file = "deployments.json", ...others } = { ...this.config, ...options.config };
    return sdk.guard(method, options, () => {
      if (Object.keys(others).length > 0) refuse("INVALID_PARAMETER_VALUE", "The one setting is file.");
      const found = load(file).find(({ name }) => name === options.name);
      return work(file, found);
    });
  }
}

/** The deployment that a call wants, once its server answers. */
async function served({ name, modelUri, flavor = null, endpoint, message, signal }, file, old) {
  if (!/^[\w.-]+$/.test(name ?? "") || endpoint) refuse("INVALID_PARAMETER_VALUE", "A bad name, or an endpoint.");
  if (flavor && !modelUri) refuse("INVALID_PARAMETER_VALUE", "flavor needs modelUri.");
  const url = modelUri ?? old?.model.source;
  const server = await fetch(`${url}/version`, { signal }).catch(() => signal?.throwIfAborted());
  const version = await server?.text();
  if (!/^\d+\.\d+/.test(version)) refuse("RESOURCE_DOES_NOT_EXIST", "No mlflow models serve answers at modelUri.");
  if (![null, "python_function"].includes(flavor)) refuse("INVALID_PARAMETER_VALUE", `It has no flavor ${flavor}.`);
  if (old?.model.source === url) return { ...old, changed: false };
  const entry = { at: new Date().toISOString(), action: old ? "update" : "create", outcome: "succeeded", message };
  const history = [...(old?.history ?? []), { ...entry, specHash: url, modelUri: url, modelVersionId: version }];
  const model = { name: url, versionId: version, aliases: [], source: url };
  const made = sdk.newDeployment({ name, flavor: flavor ?? old?.flavor ?? null, model, history });
  save(file, name, made);
  return { ...made, changed: true };
}

export const plugin = {
  name: "scoring-server",
  createClient: ({ uri }, { config }) => Object.assign(new ScoringServerClient(uri), { config }),
  targetHelp: () => "Names for running `mlflow models serve`. Its one setting, file, says where they are kept.",
  runLocal: async ({ uri }) => refuse("NOT_IMPLEMENTED", `${uri} runs no model: use mlflow models serve.`),
};
