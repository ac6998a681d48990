import { randomUUID } from "node:crypto";
import { appendFileSync, createWriteStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

import type { Collection, StateStore } from "../state.js";
import { type Checksums, ContentDigest, requireChecksums } from "./digest.js";
import type { DiskObjectStore, ObjectSettings } from "./disk-store.js";
import type { DiskObject } from "./object-journal.js";
import type { Preconditions } from "./preconditions.js";

/** What the first request of a resumable upload said. */
export interface SessionTerms {
  bucket: string;
  name: string;
  settings: ObjectSettings;
  checksums: Partial<Checksums>;
  conditions: Preconditions;
}

/** A resumable upload: all it needs to go on after a broken connection, or after a restart of the emulator. */
export class ResumableSession {
  readonly terms: SessionTerms;
  /** The object that the upload became. */
  object: DiskObject | undefined;
  readonly #path: string;
  #digest: ContentDigest | undefined;

  constructor(path: string, terms: SessionTerms) {
    this.#path = path;
    this.terms = terms;
  }

  /** How many bytes are safely here. */
  get received(): number {
    return existsSync(this.#path) ? statSync(this.#path).size : 0;
  }

  /** Adds what comes; a connection that breaks leaves what came before. */
  async append(content: Readable): Promise<void> {
    const digest = await this.#currentDigest();
    this.#digest = undefined;
    const watch = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        digest.update(chunk);
        done(null, chunk);
      },
    });
    await pipeline(content, watch, createWriteStream(this.#path, { flags: "a" }));
    this.#digest = digest;
  }

  /** Makes the object. @throws StorageError when checksums or preconditions do not hold; nothing is left then. */
  async finish(store: DiskObjectStore, checksums: Partial<Checksums>): Promise<DiskObject> {
    const digest = await this.#currentDigest();
    // an empty upload has written nothing yet
    appendFileSync(this.#path, "");
    const actual = digest.checksums();
    const staged = { content: store.stagingPath(), size: digest.size, ...actual };
    renameSync(this.#path, staged.content);
    try {
      requireChecksums({ ...this.terms.checksums, ...checksums }, actual);
      this.object = store.commit(
        this.terms.bucket,
        this.terms.name,
        staged,
        this.terms.settings,
        this.terms.conditions,
      );
      return this.object;
    } finally {
      store.discard(staged);
    }
  }

  /** Forgets what has come. */
  discard(): void {
    rmSync(this.#path, { force: true });
  }

  async #currentDigest(): Promise<ContentDigest> {
    if (this.#digest) return this.#digest;
    return existsSync(this.#path) ? ContentDigest.ofFile(this.#path) : new ContentDigest();
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
