/** Vertex AI and Artifact Registry of the emulator on a port of their own, with model servers that are small Node scripts. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { artifactRoutes } from "../../src/emulator/artifacts/artifact-routes.js";
import { Repositories } from "../../src/emulator/artifacts/repositories.js";
import { startHttpServer } from "../../src/emulator/http.js";
import { ImageFiles } from "../../src/emulator/image-files.js";
import { ImageRegistry } from "../../src/emulator/images.js";
import { type LogLine } from "../../src/emulator/logs.js";
import { type OperationResource, Operations } from "../../src/emulator/operations.js";
import { Projects } from "../../src/emulator/projects/projects.js";
import { StateStore } from "../../src/emulator/state.js";
import { ContainerAccess } from "../../src/emulator/cloud-storage/container-access.js";
import { containerRoutes } from "../../src/emulator/cloud-storage/container-routes.js";
import { DiskObjectStore } from "../../src/emulator/cloud-storage/disk-store.js";
import { vertexRoutes } from "../../src/emulator/vertex/routes.js";

export const location = "projects/acme/locations/europe-west1";
export const imageUri = "europe-west1-docker.pkg.dev/acme/models/fake:1";

const script = fileURLToPath(new URL("emulator-vertex-fake-server.mjs", import.meta.url));

/** JSON of an answer: a test says what it expects of it. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = Record<string, any>;

interface Answer {
  status: number;
  headers: Headers;
  json: Json;
}

export interface VertexFixture {
  url: string;
  dataDir: string;
  objects: DiskObjectStore;
  images: ImageRegistry;
  files: ImageFiles;
  logged: LogLine[];
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Calls, waits for the operation, and gives it back finished. */
  run(method: string, path: string, body?: unknown): Promise<OperationResource & Json>;
  /** Uploads a model and gives back its name; `model` adds to what is uploaded. */
  upload(model?: Json, request?: Json): Promise<string>;
  createEndpoint(endpoint?: Json, id?: string): Promise<string>;
  deploy(
    endpoint: string,
    model: string,
    request?: { deployedModel?: Json; trafficSplit?: Json },
  ): Promise<OperationResource & Json>;
  predict(endpoint: string, body: unknown): Promise<Answer>;
  /** Stops it as a normal end would; `keep` leaves its state for another start. */
  stop(options?: { keep?: boolean }): Promise<void>;
}

export const dedicatedResources = { machineSpec: { machineType: "n1-standard-2" }, minReplicaCount: 1 };

export async function startVertex(
  options: { dataDir?: string; latencyMs?: number; longestStartMs?: number } = {},
): Promise<VertexFixture> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "emulator-vertex-")));
  const state = await StateStore.open(dataDir);
  const operations = new Operations({ state, latencyMs: options.latencyMs ?? 1 });
  const objects = await DiskObjectStore.open(dataDir, state);
  const access = new ContainerAccess();
  const images = new ImageRegistry(state);
  const files = new ImageFiles(dataDir);
  files.addUser(() => images.roots());
  const logged: LogLine[] = [];
  let url = "";
  const vertex = vertexRoutes({
    state,
    projects: new Projects(state),
    operations,
    objects,
    access,
    images,
    files,
    logs: { append: (line) => logged.push(line) },
    homes: join(dataDir, "homes"),
    url: () => url,
    longestStartMs: options.longestStartMs ?? 20_000,
  });
  const artifacts = artifactRoutes(new Repositories(state, images, files), operations);
  const routes = [...vertex.routes, ...artifacts, ...containerRoutes(objects, access)];
  const server = await startHttpServer({ port: 0, routes, onLog: (line) => process.stderr.write(`${line}\n`) });
  url = `http://127.0.0.1:${server.port}`;
  await vertex.start();
  if (!images.find(imageUri)) images.push(imageUri.replace(":1", ""), "1", fakeImage());

  const call: VertexFixture["call"] = async (method, path, body) => {
    const response = await fetch(`${url}/v1/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, json: (text ? JSON.parse(text) : {}) as Json };
  };
  const run: VertexFixture["run"] = async (method, path, body) => {
    const started = await call(method, path, body);
    if (started.status !== 200) throw new Error(JSON.stringify(started.json));
    return (await call("POST", `${started.json["name"]}:wait`)).json as OperationResource & Json;
  };
  return {
    url,
    dataDir,
    objects,
    images,
    files,
    logged,
    call,
    run,
    upload: async (model = {}, request = {}) => {
      const done = await run("POST", `${location}/models:upload`, {
        ...request,
        model: { displayName: "iris", containerSpec: container(), ...model },
      });
      if (done.error) throw new Error(JSON.stringify(done.error));
      return (done.response as Json)["model"] as string;
    },
    createEndpoint: async (endpoint = {}, id) => {
      const query = id === undefined ? "" : `?endpointId=${id}`;
      const done = await run("POST", `${location}/endpoints${query}`, { displayName: "tester", ...endpoint });
      return (done.response as Json)["name"] as string;
    },
    deploy: (endpoint, model, { deployedModel = {}, trafficSplit = { "0": 100 } } = {}) =>
      run("POST", `${endpoint}:deployModel`, {
        deployedModel: { model, dedicatedResources, ...deployedModel },
        trafficSplit,
      }),
    predict: (endpoint, body) => call("POST", `${endpoint}:predict`, body),
    stop: async ({ keep = false } = {}) => {
      await vertex.stop();
      await server.close();
      await state.close();
      if (!keep) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** A container spec of the fake server; `mode` is what it does instead of serving. */
export function container(spec: Json & { mode?: string } = {}): Json {
  const { mode, ...rest } = spec;
  const env = [
    ...((rest["env"] as Json[] | undefined) ?? []),
    ...(mode === undefined ? [] : [{ name: "FAKE_MODE", value: mode }]),
  ];
  return { imageUri, predictRoute: "/predict", healthRoute: "/health", ...rest, ...(env.length > 0 && { env }) };
}

export function fakeImage(digit = "1") {
  return {
    digest: `sha256:${digit.repeat(64)}`,
    root: "/nowhere",
    python: process.execPath,
    pythonPath: ["/nowhere"],
    workdir: fileURLToPath(new URL(".", import.meta.url)),
    command: ["python", script],
    env: { FROM_IMAGE: "yes" },
    sizeBytes: 1,
  };
}
