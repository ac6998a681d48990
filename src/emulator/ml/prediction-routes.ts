/** `projects.predict` and `projects.getConfig`. */
import { GoogleError, invalidArgument, unimplemented } from "../google-error.js";
import type { EmulatorRequest, EmulatorResponse, Route } from "../http.js";
import { projectNumber } from "../project-number.js";
import { defaultVersion, readyVersion } from "./default-version.js";
import { modelPath, type Paths, versionPath } from "./paths.js";
import { idOf } from "./records.js";
import type { ModelStore } from "./store.js";
import type { VersionServers } from "./version-servers.js";

/** Of one online prediction request. */
const mostBytes = 1_572_864;
const timeoutMs = 60_000;

export function predictionRoutes(paths: Paths, store: ModelStore, servers: VersionServers): Route[] {
  return [
    paths.route("POST", `${modelPath}:predict`, (request) =>
      predict(defaultVersion(store, paths.model(request)).name, request, store, servers),
    ),
    paths.route("POST", `${versionPath}:predict`, (request) =>
      predict(readyVersion(store, paths.version(request)).name, request, store, servers),
    ),
    ...[modelPath, versionPath].map((path) =>
      paths.route("POST", `${path}:explain`, () => {
        throw unimplemented("The emulator does not explain predictions.");
      }),
    ),
    paths.route("GET", ":getConfig", (request) => {
      const number = projectNumber(idOf(paths.project(request)));
      const serviceAccount = `service-${number}@cloud-ml.google.com.iam.gserviceaccount.com`;
      return { json: { serviceAccount, serviceAccountProject: number } };
    }),
  ];
}

/** The body goes to the version's server as it is, and the server's answer comes back as it is (`google.api.HttpBody`). */
async function predict(
  version: string,
  request: EmulatorRequest,
  store: ModelStore,
  servers: VersionServers,
): Promise<EmulatorResponse> {
  const body = await request.body();
  if (body.length > mostBytes) {
    throw invalidArgument(`Request payload size exceeds the limit: ${mostBytes} bytes.`);
  }
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const signal = AbortSignal.any([request.signal, timeout]);
    const address = await servers.address(version, signal);
    if (address === undefined) throw new Error("it has no server");
    const response = await fetch(address, { method: "POST", body, redirect: "manual", signal });
    const answer = Buffer.from(await response.arrayBuffer());
    store.used(version);
    return { status: response.status, headers: { "content-type": "application/json" }, body: answer };
  } catch (error) {
    const what = `The version "${idOf(version)}"`;
    if (timeout.aborted) throw new GoogleError(504, "DEADLINE_EXCEEDED", `${what} did not answer in time.`);
    throw new GoogleError(503, "UNAVAILABLE", `${what} can't be reached: ${String(error)}`);
  }
}
