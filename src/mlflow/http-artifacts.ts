import { DeploymentError } from "../core/errors.js";
import type { StepContext } from "../core/progress.js";
import type { ArtifactReader, ListedArtifact } from "../core/services.js";
import { listServed, openServed, type ServedDirectory } from "./artifact-server.js";
import type { MlflowHttp } from "./http.js";
import { withoutCredentials } from "./printable-uri.js";
import { safePath } from "./safe-path.js";
import { serverSettings } from "./tracking-uri.js";

/** What MLflow's `HttpArtifactRepository` looks for in a URI, to list what is there. */
const route = "/mlflow-artifacts/artifacts";

/**
 * Reads `http:` and `https:` URIs of artifacts that an MLflow server gives out, which need not be the tracking server. No other
 * http server can say which files it has.
 */
export class HttpArtifactReader implements ArtifactReader {
  readonly #connect: (server: URL) => MlflowHttp;

  /** @param connect Gives the connection for requests to a server, which sends credentials to the tracking server only. */
  constructor(connect: (server: URL) => MlflowHttp) {
    this.#connect = connect;
  }

  /** @throws DeploymentError `INVALID_PARAMETER_VALUE` for a URI of another server than MLflow's. */
  async list(uri: string, context: StepContext): Promise<ListedArtifact[]> {
    return explained(uri, () => listServed(this.#locate(uri), context));
  }

  async open(uri: string, path: string, context: StepContext): Promise<NodeJS.ReadableStream> {
    return explained(uri, () => openServed(this.#locate(uri), path, context));
  }

  #locate(uri: string): ServedDirectory {
    const place = withoutCredentials(uri);
    const at = uri.indexOf(`${route}/`);
    const server = uri.slice(0, at + route.length);
    // not the path of a URL object, which has gone up by each `..` in it
    const path = uri.slice(at + route.length).replaceAll(/^\/+|\/+$/g, "");
    if (at === -1 || path === "" || /[?#]/.test(uri) || !URL.canParse(server)) throw unlistable(place);
    const { origin, pathname } = new URL(server);
    const root = new URL(pathname, origin);
    return { http: this.#connect(root), url: root.href, path: safePath(decoded(path), "The artifact URI"), place };
  }
}

/** A request to another server than the tracking server is anonymous; who asks for credentials has to be told why. */
async function explained<T>(uri: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!DeploymentError.is(error) || error.code !== "UNAUTHENTICATED") throw error;
    const advice = `Credentials are sent to the tracking server only: is ${new URL(uri).origin} set as ${serverSettings.tracking}?`;
    throw new DeploymentError(error.code, `${error.message} ${advice}`, { cause: error });
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function unlistable(place: string): DeploymentError {
  return new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The files at ${place} cannot be listed: an http server that is not MLflow's does not say which it has. Use the URL of an MLflow ` +
      `server's artifacts, https://HOST/api/2.0${route}/path, or download the model and give its directory.`,
  );
}
