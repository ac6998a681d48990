import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";

import type { Collection, StateStore } from "../state.js";
import { type ContentRange, rangeLength, requireLength, wholeUnits } from "./content-range.js";
import { type Checksums, ContentDigest, requireChecksums } from "./digest.js";
import type { DiskObjectStore, ObjectSettings } from "./disk-store.js";
import { GrowingFile } from "./growing-file.js";
import type { DiskObject } from "./object-journal.js";
import type { Preconditions } from "./preconditions.js";

/** What the first request of a resumable upload said. */
export interface SessionTerms {
  bucket: string;
  name: string;
  settings: ObjectSettings;
  checksums: Partial<Checksums>;
  conditions: Preconditions;
  /** How large the object is to be (`X-Upload-Content-Length`). Absent when it was not said. */
  size?: number;
}

/** A request that is at work on a session. */
interface Holder {
  /** Breaks the request off. */
  stop: () => void;
  /** Settled when it is over. */
  over: Promise<void>;
}

/** A resumable upload: all it needs to go on after a broken connection, or after a restart of the emulator. */
export class ResumableSession {
  readonly terms: SessionTerms;
  /** The object that the upload became. */
  object: DiskObject | undefined;
  readonly #path: string;
  /** Bytes in the file that count, when no request writes. */
  #size: number;
  /** Of these bytes. Absent when it is to be computed from the file. */
  #digest: ContentDigest | undefined;
  #holder: Holder | undefined;
  #file: GrowingFile | undefined;

  constructor(path: string, terms: SessionTerms) {
    this.#path = path;
    this.terms = terms;
    // a request that an emulator was killed in broke off too
    this.#size = wholeUnits(statSync(path, { throwIfNoEntry: false })?.size ?? 0);
  }

  /** How many bytes are safely here. */
  get received(): number {
    return this.#file ? wholeUnits(this.#file.written) : this.#size;
  }

  /** Whether a request is at work on it. */
  get isHeld(): boolean {
    return this.#holder !== undefined;
  }

  /** Breaks off the request that is at work on it: whoever begins another has given it up, though it may not look so here. */
  async free(): Promise<void> {
    this.#holder?.stop();
    await this.#holder?.over;
  }

  /** Does the work of a request while no other is at work, which `isHeld` says. @param stop Breaks the request off. */
  async hold<T>(stop: () => void, work: () => Promise<T>): Promise<T> {
    const working = work();
    const leave = () => {
      this.#holder = undefined;
    };
    this.#holder = { stop, over: working.then(leave, leave) };
    return working;
  }

  /**
   * Adds what comes. When that breaks off, what came before is kept, in units of 256 KiB.
   *
   * @param range What the request has. It begins at or before `received`: what is here already is left as it is.
   * @throws StorageError 400 when it has more or fewer bytes than its range says.
   */
  async append(chunks: AsyncIterable<Buffer>, range: ContentRange): Promise<void> {
    const skip = this.#size - (range.start ?? 0);
    const length = rangeLength(range) ?? Infinity;
    const digest = this.#digest ?? (await this.#readDigest());
    this.#digest = undefined;
    const file = await GrowingFile.open(this.#path, this.#size);
    this.#file = file;
    let bytes = 0;
    try {
      for await (const chunk of chunks) {
        const fresh = chunk.subarray(Math.max(0, Math.min(chunk.length, skip - bytes)));
        bytes += chunk.length;
        if (bytes > length) break;
        digest.update(fresh);
        await file.add(fresh);
      }
      requireLength(bytes, range);
      await file.close();
      this.#size = file.written;
      this.#digest = digest;
    } catch (error) {
      await file.close().catch(() => {});
      this.#size = wholeUnits(file.written);
      throw error;
    } finally {
      this.#file = undefined;
    }
  }

  /** Makes the object. @throws StorageError when checksums or preconditions do not hold. */
  async finish(store: DiskObjectStore, checksums: Partial<Checksums>): Promise<DiskObject> {
    const digest = (this.#digest ??= await this.#readDigest());
    const actual = digest.checksums();
    requireChecksums({ ...this.terms.checksums, ...checksums }, actual);
    const staged = { content: this.#size === 0 ? Buffer.alloc(0) : store.stagingPath(), size: this.#size, ...actual };
    if (typeof staged.content === "string") {
      // a request that broke off may have left more
      truncateSync(this.#path, this.#size);
      renameSync(this.#path, staged.content);
    }
    const { bucket, name, settings, conditions } = this.terms;
    this.object = store.commit(bucket, name, staged, settings, conditions);
    return this.object;
  }

  /** Forgets what has come. */
  discard(): void {
    rmSync(this.#path, { force: true });
  }

  async #readDigest(): Promise<ContentDigest> {
    return this.#size === 0 ? new ContentDigest() : ContentDigest.ofFile(this.#path, this.#size);
  }
}

const rememberedSessions = 100;

/** The resumable uploads that are under way. */
export class ResumableSessions {
  readonly #directory: string;
  readonly #terms: Collection<SessionTerms>;
  readonly #sessions = new Map<string, ResumableSession>();

  constructor(dataDir: string, state: StateStore) {
    this.#directory = join(dataDir, "objects", ".resumable");
    mkdirSync(this.#directory, { recursive: true });
    this.#terms = state.collection<SessionTerms>("resumable-uploads");
    for (const [id, terms] of this.#terms.entries()) this.#open(id, terms);
    for (const id of readdirSync(this.#directory)) {
      if (!this.#sessions.has(id)) rmSync(join(this.#directory, id));
    }
  }

  /** Begins an upload. @returns Its id. */
  begin(terms: SessionTerms): string {
    const id = randomUUID();
    this.#terms.set(id, terms);
    this.#open(id, terms);
    return id;
  }

  find(id: string): ResumableSession | undefined {
    return this.#sessions.get(id);
  }

  /** The upload is over: a finished one still tells its object to a client that missed the answer. */
  end(id: string): void {
    this.#terms.delete(id);
    const session = this.#sessions.get(id);
    session?.discard();
    if (!session?.object) this.#sessions.delete(id);
    this.#dropOldest();
  }

  #open(id: string, terms: SessionTerms): void {
    this.#sessions.set(id, new ResumableSession(join(this.#directory, id), terms));
  }

  #dropOldest(): void {
    const finished = [...this.#sessions].filter(([, session]) => session.object);
    for (const [id] of finished.slice(0, -rememberedSessions)) this.#sessions.delete(id);
  }
}
