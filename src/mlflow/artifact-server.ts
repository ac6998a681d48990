import pLimit from "p-limit";
import { z } from "zod";

import { checkListingSize } from "../core/artifact-listing.js";
import { DeploymentError } from "../core/errors.js";
import type { StepContext } from "../core/progress.js";
import { deepestDirectory } from "./artifact.js";
import type { MlflowHttp } from "./http.js";
import { safePath } from "./safe-path.js";

/** Of `GET …/mlflow-artifacts/artifacts?path=`; a size of 0 is left out. */
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

/** A directory that an MLflow server gives out, by its route `mlflow-artifacts/artifacts`. */
export interface ServedDirectory {
  http: MlflowHttp;
  /** The server's route, without a slash at its end. */
  url: string;
  /** The directory below it. */
  path: string;
  /** As a person knows it, without credentials. */
  place: string;
}

/**
 * All files below a directory, level by level.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for a listing without end, or a path that leaves the directory.
 */
export async function listServed(
  root: ServedDirectory,
  context: StepContext,
): Promise<{ path: string; size: number }[]> {
  const limit = pLimit(concurrency);
  const stop = new AbortController();
  const signal = context.signal ? AbortSignal.any([context.signal, stop.signal]) : stop.signal;
  const files: { path: string; size: number }[] = [];
  let directories = [""];
  let entries = 0;
  const list = async (directory: string): Promise<Entry[]> => {
    const found = await listOne(root, directory, { signal });
    entries += found.length;
    checkListingSize(entries, root.place);
    return found;
  };
  try {
    for (let depth = 0; directories.length > 0; depth++) {
      if (depth > deepestDirectory) throw endless(root);
      const level = (await Promise.all(directories.map((path) => limit(() => list(path))))).flat();
      files.push(...level.filter((entry) => !entry.isDirectory));
      directories = level.flatMap((entry) => (entry.isDirectory ? [entry.path] : []));
    }
  } catch (error) {
    // no request is sent for a listing that has failed
    limit.clearQueue();
    stop.abort();
    throw error;
  }
  return files.map(({ path, size }) => ({ path, size }));
}

/** The bytes of a file of the directory. */
export async function openServed(
  { http, url, path: root }: ServedDirectory,
  path: string,
  context: StepContext,
): Promise<NodeJS.ReadableStream> {
  const full = below(root, path);
  const encoded = full.split("/").map(encodeURIComponent).join("/");
  return http.stream({ url: `${url}/${encoded}`, what: `the artifact "${full}"` }, context);
}

interface Entry {
  path: string;
  isDirectory: boolean;
  size: number;
}

/** What is directly in a directory; `path` is relative to the root, and so are the paths of the result. */
async function listOne(root: ServedDirectory, path: string, context: Pick<StepContext, "signal">): Promise<Entry[]> {
  const full = below(root.path, path);
  const request = { url: root.url, query: { path: full }, what: `the artifacts below "${full}"` };
  const answer = listing.safeParse(await root.http.json(request, context));
  const server = new URL(root.url).origin;
  if (!answer.success) {
    throw new DeploymentError(
      "INTERNAL_ERROR",
      `${server} lists ${request.what} in an unknown form. Is this an MLflow server?`,
    );
  }
  return answer.data.files.map((file) => ({
    path: below(path, safePath(file.path, `The server ${server}`)),
    isDirectory: file.is_dir,
    size: file.file_size,
  }));
}

function below(root: string, path: string): string {
  return root === "" ? path : path === "" ? root : `${root}/${path}`;
}

function endless({ place }: ServedDirectory): DeploymentError {
  return new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `${place} lists directories without end: more than ${deepestDirectory} in one another. Look at what is there in MLflow.`,
  );
}
