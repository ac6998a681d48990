import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import type { LocalServer, RunLocalOptions } from "../core/local-server.js";
import type { ModelMetadata, ModelSignature } from "../core/model.js";
import { PredictionsResponse } from "../core/predictions-response.js";
import type { StepContext } from "../core/progress.js";
import { safeProgress } from "../core/progress.js";
import type { BundleBuilder, ModelResolver } from "../core/services.js";
import { installBundle } from "../runtime/bundle-install.js";
import { type BundleServer, startBundleServer } from "../runtime/bundle-server.js";
import { checkPort } from "../runtime/port.js";
import { requestPredictions } from "../runtime/predictions.js";
import { prepareRequest } from "../signature/prepare-request.js";
import { readPredictions } from "../signature/read-predictions.js";
import { rowReader } from "../signature/row-reader.js";
import { checkedName, missingParameter } from "./arguments.js";
import { hasOwnPredictor } from "./own-predictor.js";
import { packBundle, placeModel, processBundle, resolveModel } from "./prepare-model.js";
import { makeWorkDirectory, type WorkDirectory } from "./work-directory.js";

/** How many of a server's last lines are kept with its end. */
const keptLines = 100;

/** What `runLocal` of a target needs of its settings. */
export interface LocalServing {
  modelResolver: ModelResolver;
  bundleBuilder: BundleBuilder;
  versionName: string | null;
  predictionScript: string | null;
  preprocessor: string | null;
  setupFile: string | null;
  /** The interpreter, a path or a name; undefined for one of the model's Python version. */
  python: string | undefined;
  /** Variables for the model. */
  env: Readonly<Record<string, string>>;
  /** Seconds. */
  startTimeout: number;
  tmpDir: string | undefined;
  /** Whether rows are checked against the model's signature before they are sent. */
  checkInputs: boolean;
}

/**
 * Serves a model on this machine with the very bundle that would be deployed: `runLocal` of the targets.
 *
 * @throws DeploymentError `FAILED_PRECONDITION` for a port that is taken, and with the last lines of what did not start.
 */
export async function serveLocally(options: RunLocalOptions<never>, serving: LocalServing): Promise<LocalServer> {
  const name = checkedName(options.name);
  if (!options.modelUri) throw missingParameter("modelUri", null);
  // before anything is downloaded; the server itself says it again, should the port be taken meanwhile
  await checkPort(options.port ?? 0);
  const context = { report: safeProgress(options.onProgress), signal: options.signal };
  const directory = await makeWorkDirectory(serving.tmpDir);
  try {
    const { server, metadata } = await start(options, serving, directory, context);
    const signature = serving.checkInputs && !hasOwnPredictor(serving) ? metadata.signature : null;
    return new RunningServer(name, server, signature, () => directory.remove());
  } catch (error) {
    await directory.remove();
    throw error;
  }
}

async function start(
  { modelUri, flavor, port = 0 }: RunLocalOptions<never>,
  serving: LocalServing,
  directory: WorkDirectory,
  context: StepContext,
): Promise<{ server: BundleServer; metadata: ModelMetadata }> {
  const { report, signal } = context;
  const request = { modelUri, flavor, directory: directory.models };
  const model = await resolveModel(serving.modelResolver, request, context);
  const { versionName, predictionScript, preprocessor, setupFile } = serving;
  const bundle = await packBundle(
    serving.bundleBuilder,
    {
      ...processBundle,
      model,
      versionName,
      predictionScript,
      preprocessor,
      setupFile,
      directory: directory.bundle,
    },
    context,
  );
  report({ type: "step", step: "deploy", status: "started", message: "a process of this machine" });
  const onLine = (line: string) => report({ type: "log", step: "deploy", line });
  const [modules, served, home] = ["modules", "served", "home"].map((part) => join(directory.root, part)) as [
    string,
    string,
    string,
  ];
  await Promise.all([placeModel(model, served, "link", context), mkdir(home, { mode: 0o700 })]);
  const python = await installBundle({
    archive: bundle.localPath,
    root: bundle.directory,
    pythonVersion: model.metadata.pythonVersion,
    python: serving.python,
    modules,
    scratch: join(directory.root, "install"),
    onLine,
    onWarning: (message) => report({ type: "warning", message }),
    signal,
  });
  const server = await startBundleServer({
    python: python.path,
    modules,
    model: served,
    port,
    env: serving.env,
    home,
    startTimeoutMs: serving.startTimeout * 1000,
    onLine,
    signal,
  });
  report({ type: "step", step: "deploy", status: "done", message: server.url });
  return { server, metadata: model.metadata };
}

class RunningServer implements LocalServer {
  readonly url: string;
  readonly port: number;
  readonly exited: LocalServer["exited"];
  readonly #server: BundleServer;
  readonly #signature: ModelSignature | null;
  #stopped = false;

  constructor(
    readonly name: string,
    server: BundleServer,
    signature: ModelSignature | null,
    remove: () => Promise<void>,
  ) {
    this.#server = server;
    this.#signature = signature;
    this.url = server.url;
    this.port = server.port;
    this.exited = server.exited.then(async () => {
      await remove();
      return { stopped: this.#stopped, lastLines: this.#stopped ? [] : server.lines(keptLines) };
    });
    this.exited.catch(() => {}); // told to whoever asks
  }

  async predict(options: Parameters<LocalServer["predict"]>[0]) {
    const rows = rowReader(options.inputs)(this.#signature);
    const request = prepareRequest(rows, options.params, this.#signature);
    const server = { port: this.port, what: `The local server "${this.name}"` };
    const { predictions, deployedModelId } = await requestPredictions(server, request, options.signal);
    return new PredictionsResponse({ predictions: readPredictions(predictions, this.#signature), deployedModelId });
  }

  logs(lines = keptLines): string[] {
    return this.#server.lines(lines);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#server.stop();
    await this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
