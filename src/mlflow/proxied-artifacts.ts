import pLimit from "p-limit";
import { z } from "zod";

import { DeploymentError } from "../core/errors.js";
import type { StepContext } from "../core/progress.js";
import type { ArtifactReader } from "../core/services.js";
import { checkListingSize, deepestDirectory } from "./artifact.js";
import type { MlflowHttp } from "./http.js";
import { maskCredentials, withoutCredentials } from "./printable-uri.js";
import { safePath } from "./safe-path.js";

const listing = z.object({
  files: z
    .array(
      z.object({
        path: z.string(),
        is_dir: z.boolean().default(false),
        file_size: z.coerce.number().nonnegative().default(0),
      }),
    )
    .default([]),
});

/** Directories listed at once. */
const concurrency = 8;

/** Reads `mlflow-artifacts:` URIs: files that the tracking server, or a server like it, gives out itself. */
export class ProxiedArtifactReader implements ArtifactReader {
  readonly #http: () => MlflowHttp;

  /** @param http Called at the first use. */
  constructor(http: () => MlflowHttp) {
    this.#http = http;
  }

  async list(uri: string, context: StepContext): Promise<{ path: string; size: number }[]> {
    const root = this.#locate(uri);
    const limit = pLimit(concurrency);
    const files: { path: string; size: number }[] = [];
    let directories = [""];
    let entries = 0;
    for (let depth = 0; directories.length > 0; depth++) {
      if (depth > deepestDirectory) {
        throw new DeploymentError(
          "INVALID_PARAMETER_VALUE",
          `${withoutCredentials(uri)} lists directories without end.`,
        );
      }
      const level = await Promise.all(directories.map((path) => limit(() => this.#listOne(root, path, context))));
      entries += level.flat().length;
      checkListingSize(entries, uri);
      files.push(...level.flat().filter((entry) => !entry.isDirectory));
      directories = level.flat().flatMap((entry) => (entry.isDirectory ? [entry.path] : []));
    }
    return files.map(({ path, size }) => ({ path, size }));
  }

  async open(uri: string, path: string, context: StepContext): Promise<NodeJS.ReadableStream> {
    const { url, path: root } = this.#locate(uri);
    const full = below(root, path);
    const encoded = full.split("/").map(encodeURIComponent).join("/");
    return this.#http().stream({ url: `${url}/${encoded}`, what: `the artifact "${full}"` }, context);
  }

  /** What is directly in a directory; `path` is relative to `root`, and so are the paths of the result. */
  async #listOne(root: Root, path: string, context: StepContext): Promise<Entry[]> {
    const full = below(root.path, path);
    const request = { url: root.url, query: { path: full }, what: `the artifacts below "${full}"` };
    const answer = listing.safeParse(await this.#http().json(request, context));
    if (!answer.success) {
      throw new DeploymentError(
        "INTERNAL_ERROR",
        `${new URL(root.url).origin} lists ${request.what} in an unknown form. Is this an MLflow server?`,
      );
    }
    return answer.data.files.map((file) => ({
      path: below(path, safePath(file.path, "The tracking server")),
      isDirectory: file.is_dir,
      size: file.file_size,
    }));
  }

  /** The server's route and the path there. A host in the URI stands for the tracking server's. */
  #locate(uri: string): Root {
    const match = /^mlflow-artifacts:(?:\/\/([^/]*))?(\/.*)$/i.exec(uri);
    const authority = match?.[1]?.replace(/^.*@/, "") ?? "";
    const path = match?.[2]?.replaceAll(/^\/+|\/+$/g, "") ?? "";
    const url = this.#http().connection.resolve("/api/2.0/mlflow-artifacts/artifacts", authority);
    if (path === "" || !URL.canParse(url)) {
      throw new DeploymentError(
        "INVALID_PARAMETER_VALUE",
        `"${maskCredentials(uri)}" is not of the form mlflow-artifacts:/path.`,
      );
    }
    return { url, path: safePath(path, "The artifact URI") };
  }
}

interface Root {
  url: string;
  path: string;
}

interface Entry {
  path: string;
  isDirectory: boolean;
  size: number;
}

function below(root: string, path: string): string {
  return root === "" ? path : path === "" ? root : `${root}/${path}`;
}
