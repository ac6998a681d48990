import { mkdir, open, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";

import pLimit from "p-limit";

import type { Clock } from "../core/clock.js";
import { throwIfCancelled } from "../core/errors.js";
import type { LocalModelFile } from "../core/model.js";
import type { StepContext } from "../core/progress.js";
import type { Artifact } from "./artifact.js";
import { artifactBytes } from "./artifact-bytes.js";
import { Checksums } from "./checksums.js";
import { freeSpace } from "./free-space.js";
import { mostUnlistedBytes, noRoom, transferFailure, unlistedSize, wrongChecksum } from "./transfer-failure.js";

/** Files at once. */
const concurrency = 8;
const attempts = 3;
/** Milliseconds between two reports of progress. */
const reportInterval = 200;

/** Brings the files of one model to a directory, in constant memory, and takes their checksums on the way. */
export class Download {
  readonly #directory: string;
  readonly #context: StepContext;
  readonly #clock: Clock;
  #totalFiles = 0;
  #totalBytes = 0;
  #files = 0;
  #bytes = 0;
  /** Of files whose size is not listed. */
  #unlistedBytes = 0;
  #lastReport = 0;

  constructor(directory: string, context: StepContext, clock: Clock) {
    this.#directory = directory;
    this.#context = context;
    this.#clock = clock;
  }

  /**
   * Brings some of the files. When one fails, the others stop, and nothing is written any more once this rejects.
   *
   * @throws DeploymentError `TEMPORARILY_UNAVAILABLE` when a file arrives in another size than listed, three times;
   * `RESOURCE_EXHAUSTED` when the disk has no room; `PERMISSION_DENIED` when the directory cannot be written to.
   */
  async fetch(artifacts: readonly Artifact[]): Promise<LocalModelFile[]> {
    await this.#checkRoom(artifacts);
    this.#totalFiles += artifacts.length;
    this.#totalBytes += artifacts.reduce((sum, artifact) => sum + artifact.size, 0);
    const stop = new AbortController();
    const signal = this.#context.signal ? AbortSignal.any([this.#context.signal, stop.signal]) : stop.signal;
    const limit = pLimit(concurrency);
    let failure: unknown;
    const results = await Promise.all(
      artifacts.map((artifact) =>
        limit(async () => {
          if (signal.aborted) return null;
          return this.#fetchOne(artifact, { ...this.#context, signal }).catch((error: unknown) => {
            failure ??= error;
            stop.abort();
            return null;
          });
        }),
      ),
    );
    throwIfCancelled(this.#context.signal, "Downloading the model");
    if (failure !== undefined) throw failure;
    return results.filter((file) => file !== null);
  }

  async #checkRoom(artifacts: readonly Artifact[]): Promise<void> {
    const bytes = artifacts.reduce((sum, { size, localPath }) => sum + (localPath === undefined ? size : 0), 0);
    const free = bytes === 0 ? null : await freeSpace(this.#directory);
    if (free !== null && bytes > free) throw noRoom(bytes, free, this.#directory);
  }

  async #fetchOne(artifact: Artifact, context: StepContext): Promise<LocalModelFile> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#transfer(artifact, context);
      } catch (error) {
        const failure = transferFailure(error, artifact);
        if (!failure.retryable || attempt === attempts || context.signal?.aborted) throw failure;
        await this.#clock.sleep(500 * 2 ** (attempt - 1), context.signal);
      }
    }
  }

  async #transfer(artifact: Artifact, context: StepContext): Promise<LocalModelFile> {
    const localPath = artifact.localPath ?? join(this.#directory, ...artifact.path.split("/"));
    const sink = artifact.localPath === undefined ? await newFile(localPath) : discard();
    const checksums = new Checksums();
    let moved = 0;
    let sums: ReturnType<Checksums["finish"]>;
    const take = (chunk: Uint8Array): Uint8Array => {
      checksums.update(chunk);
      moved += chunk.length;
      this.#bytes += chunk.length;
      if (artifact.size === 0) this.#countUnlisted(artifact, chunk.length);
      this.#report(false);
      return chunk;
    };
    try {
      const { signal } = context;
      await pipeline(taken(artifactBytes(artifact, context), take), sink, signal ? { signal } : {});
      const { crc32c } = (sums = checksums.finish());
      if (artifact.crc32c !== undefined && crc32c !== artifact.crc32c) throw wrongChecksum(artifact, crc32c);
    } catch (error) {
      this.#bytes -= moved;
      sink.destroy();
      if (artifact.localPath === undefined) await rm(localPath, { force: true });
      throw error;
    }
    this.#files++;
    this.#report(true);
    return { path: artifact.path, localPath, ...sums };
  }

  /** A store that does not say how much there is must not fill the disk. What failed and comes again counts again. */
  #countUnlisted(artifact: Artifact, bytes: number): void {
    if (artifact.localPath !== undefined) return;
    this.#unlistedBytes += bytes;
    if (this.#unlistedBytes > mostUnlistedBytes) throw unlistedSize(artifact);
  }

  #report(always: boolean): void {
    const now = this.#clock.now();
    if (!always && now - this.#lastReport < reportInterval) return;
    this.#lastReport = now;
    this.#context.report({
      type: "transfer",
      step: "resolve",
      bytes: this.#bytes,
      totalBytes: Math.max(this.#totalBytes, this.#bytes),
      files: this.#files,
      totalFiles: this.#totalFiles,
    });
  }
}

async function* taken(
  chunks: AsyncIterable<Uint8Array>,
  take: (chunk: Uint8Array) => Uint8Array,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield take(chunk);
}

/** A file that was not there, so that two artifacts never end up in one file, nor anything outside the directory in our hands. */
async function newFile(path: string): Promise<Writable> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "wx");
  return file.createWriteStream();
}

/** Where the bytes of a file go that is in place already. */
function discard(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}
