import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A map of JSON values that survives a restart. Change a value with `set`: what is mutated in place is not saved. */
export class Collection<T> {
  readonly #values: Map<string, T>;
  readonly #changed: () => void;

  constructor(values: Map<string, T>, changed: () => void) {
    this.#values = values;
    this.#changed = changed;
  }

  get size(): number {
    return this.#values.size;
  }

  get(key: string): T | undefined {
    return this.#values.get(key);
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  set(key: string, value: T): void {
    this.#values.set(key, value);
    this.#changed();
  }

  delete(key: string): boolean {
    const deleted = this.#values.delete(key);
    if (deleted) this.#changed();
    return deleted;
  }

  /** The values, in the order in which their keys were first set. */
  values(): T[] {
    return [...this.#values.values()];
  }

  entries(): [string, T][] {
    return [...this.#values.entries()];
  }
}

/** The emulator's state: collections of JSON values, each a file in the data directory. */
export class StateStore {
  readonly #directory: string;
  readonly #collections = new Map<string, Map<string, unknown>>();
  readonly #dirty = new Set<string>();
  #saving: Promise<void> | undefined;
  #failure: unknown;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Opens the state kept under `dataDir`, which is made if it is missing.
   *
   * @param dataDir Path of a directory that no other emulator uses meanwhile.
   */
  static async open(dataDir: string): Promise<StateStore> {
    const store = new StateStore(join(dataDir, "state"));
    await mkdir(store.#directory, { recursive: true });
    for (const file of await readdir(store.#directory)) {
      if (!file.endsWith(".json")) continue;
      const text = await readFile(join(store.#directory, file), "utf8");
      store.#collections.set(file.slice(0, -".json".length), new Map(JSON.parse(text) as [string, unknown][]));
    }
    return store;
  }

  /** @param name Letters, digits and hyphens: it is a file's name. */
  collection<T>(name: string): Collection<T> {
    let values = this.#collections.get(name);
    if (!values) {
      values = new Map();
      this.#collections.set(name, values);
    }
    return new Collection<T>(values as Map<string, T>, () => this.#save(name));
  }

  /** Waits until every change so far is on disk. @throws Error when one cannot be written; it is tried again with the next change. */
  async saved(): Promise<void> {
    while (this.#saving) await this.#saving;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Waits until every change is on disk. @throws Error when one cannot be written. */
  async close(): Promise<void> {
    while (this.#saving) await this.#saving;
    if (this.#failure !== undefined) await this.#writeDirty();
    if (this.#failure !== undefined) throw this.#failure;
  }

  #save(name: string): void {
    this.#dirty.add(name);
    this.#saving ??= this.#writeDirty().finally(() => {
      this.#saving = undefined;
    });
  }

  /** Changes made in the same turn, or while a write is under way, share one write. */
  async #writeDirty(): Promise<void> {
    await Promise.resolve();
    this.#failure = undefined;
    for (const name of this.#dirty) {
      this.#dirty.delete(name);
      try {
        await this.#write(name);
      } catch (error) {
        this.#dirty.add(name);
        this.#failure = error;
        return;
      }
    }
  }

  async #write(name: string): Promise<void> {
    const file = join(this.#directory, `${name}.json`);
    await writeFile(`${file}.tmp`, JSON.stringify([...(this.#collections.get(name) ?? [])], null, 1), {
      mode: 0o600, // it has the values of containers' environment variables
    });
    await rename(`${file}.tmp`, file);
  }
}
