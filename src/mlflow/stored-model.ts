import type { Clock } from "../core/clock.js";
import { DeploymentError } from "../core/errors.js";
import type { LocalModelFile, ModelFile, ModelMetadata } from "../core/model.js";
import type { StepContext } from "../core/progress.js";
import type { Artifact } from "./artifact.js";
import { storedBytes } from "./artifact-bytes.js";
import { Download } from "./download.js";

/**
 * Whether a file must be read to know which bytes it has: nothing else stands for them.
 *
 * An MLflow server lists no checksum, but a size. There the model's own id (`model_id`, `model_uuid`), which is new each time that
 * MLflow saves a model, stands for the rest: a registered model "is immutable", as MLflow says (`mlflow/models/python_api.py`,
 * 3.17.2). That is its convention and nothing that its server holds anyone to (`log_artifact` writes over what is there:
 * https://github.com/mlflow/mlflow/issues/3175), so that a file that was put in the place of another of the same size, beside the
 * same MLmodel, is taken for it. A size of 0 may be a server that does not say.
 */
export function mustBeRead(
  { localPath, size, crc32c, version, isServed }: Artifact,
  { modelId }: Pick<ModelMetadata, "modelId">,
): boolean {
  if (localPath !== undefined || size === 0) return true;
  return crc32c === undefined && version === undefined && !(isServed && modelId !== null);
}

/** A file that stays at its store until it is asked for. */
export function storedFile(artifact: Artifact): ModelFile {
  const { path, size, crc32c, version, object } = artifact;
  const open = async (context: StepContext) => storedBytes(artifact, context);
  return { path, size, sha256: null, crc32c: crc32c ?? null, version, localPath: null, object, open };
}

/** The files of one model that are on this machine, and the way for the others to come. */
export class BroughtFiles {
  readonly #artifacts: ReadonlyMap<string, Artifact>;
  readonly #here: Map<string, LocalModelFile>;
  readonly #directory: string;
  readonly #clock: Clock;
  #last: Promise<unknown> = Promise.resolve();

  constructor(artifacts: readonly Artifact[], here: readonly LocalModelFile[], directory: string, clock: Clock) {
    this.#artifacts = new Map(artifacts.map((artifact) => [artifact.path, artifact]));
    this.#here = new Map(here.map((file) => [file.path, file]));
    this.#directory = directory;
    this.#clock = clock;
  }

  /** Brings what is not here. Two calls at once come one after the other, so that no file is brought twice. */
  bring(paths: readonly string[], context: StepContext): Promise<LocalModelFile[]> {
    const brought = this.#last.then(() => this.#bring(paths, context));
    this.#last = brought.catch(() => {}); // told to whoever asked
    return brought;
  }

  async #bring(paths: readonly string[], context: StepContext): Promise<LocalModelFile[]> {
    const missing = paths
      .filter((path) => !this.#here.has(path))
      .map((path) => this.#artifacts.get(path) ?? unknown(path));
    const download = new Download(this.#directory, context, this.#clock);
    for (const file of await download.fetch(missing)) this.#here.set(file.path, file);
    return paths.map((path) => this.#here.get(path)!);
  }
}

function unknown(path: string): never {
  throw new DeploymentError("INVALID_PARAMETER_VALUE", `The model has no file "${path}".`);
}
