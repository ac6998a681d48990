import { DeploymentError } from "../core/errors.js";
import type { StepContext } from "../core/progress.js";
import type { ArtifactReader, ListedArtifact } from "../core/services.js";
import { listServed, openServed, type ServedDirectory } from "./artifact-server.js";
import type { MlflowHttp } from "./http.js";
import { maskCredentials, withoutCredentials } from "./printable-uri.js";
import { safePath } from "./safe-path.js";

/** Reads `mlflow-artifacts:` URIs: files that the tracking server, or a server like it, gives out itself. */
export class ProxiedArtifactReader implements ArtifactReader {
  readonly #http: () => MlflowHttp;

  /** @param http Called at the first use. */
  constructor(http: () => MlflowHttp) {
    this.#http = http;
  }

  async list(uri: string, context: StepContext): Promise<ListedArtifact[]> {
    return listServed(this.#locate(uri), context);
  }

  async open(uri: string, path: string, context: StepContext): Promise<NodeJS.ReadableStream> {
    return openServed(this.#locate(uri), path, context);
  }

  /** The server's route and the path there. A host in the URI stands for the tracking server's. */
  #locate(uri: string): ServedDirectory {
    const match = /^mlflow-artifacts:(?:\/\/([^/]*))?(\/.*)$/i.exec(uri);
    const authority = match?.[1]?.replace(/^.*@/, "") ?? "";
    const path = match?.[2]?.replaceAll(/^\/+|\/+$/g, "") ?? "";
    const http = this.#http();
    const url = http.connection.resolve("/api/2.0/mlflow-artifacts/artifacts", authority);
    if (path === "" || !URL.canParse(url)) {
      throw new DeploymentError(
        "INVALID_PARAMETER_VALUE",
        `"${maskCredentials(uri)}" is not of the form mlflow-artifacts:/path.`,
      );
    }
    return { http, url, path: safePath(path, "The artifact URI"), place: withoutCredentials(uri) };
  }
}
