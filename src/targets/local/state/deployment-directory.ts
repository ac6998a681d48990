import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { DeploymentError } from "../../../core/errors.js";
import type { LocalRecord } from "./record.js";
import type { SupervisorState } from "./supervisor-state.js";

/** How many entries of its history a record keeps, the newest. */
const keptHistory = 100;

/** What a deployment has on disk: its record, its supervisor's address, models, bundles and logs. */
export class DeploymentDirectory {
  constructor(
    readonly name: string,
    readonly path: string,
  ) {}

  /** Models, each in a directory of its hash. */
  get models(): string {
    return join(this.path, "models");
  }

  /** Installed bundles, each in a directory of its environment's hash and interpreter. */
  get bundles(): string {
    return join(this.path, "bundles");
  }

  /** Home directories of the processes that serve, one for each. */
  get homes(): string {
    return join(this.path, "homes");
  }

  get logs(): string {
    return join(this.path, "logs");
  }

  async make(): Promise<void> {
    for (const directory of [this.path, this.models, this.bundles, this.homes, this.logs]) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
    }
  }

  exists(): boolean {
    return existsSync(this.path);
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true, maxRetries: 5 });
  }

  /** @returns Null where there is none. */
  readRecord(): Promise<LocalRecord | null> {
    return this.#read<LocalRecord>("deployment.json");
  }

  async writeRecord(record: LocalRecord): Promise<void> {
    await this.#write("deployment.json", { ...record, history: record.history.slice(-keptHistory) });
  }

  /** What the supervisor has said last of itself; it may have ended since. Null where there has been none. */
  readSupervisor(): Promise<SupervisorState | null> {
    return this.#read<SupervisorState>("supervisor.json");
  }

  async writeSupervisor(state: SupervisorState): Promise<void> {
    await this.#write("supervisor.json", state);
  }

  /** Removes the models and bundles that nothing needs any more. */
  async keepOnly(kept: { models: readonly string[]; bundles: readonly string[] }): Promise<void> {
    for (const [directory, names] of [
      [this.models, kept.models],
      [this.bundles, kept.bundles],
    ] as const) {
      for (const name of await readdir(directory)) {
        if (!names.includes(name)) await rm(join(directory, name), { recursive: true, force: true });
      }
    }
  }

  async #read<T>(file: string): Promise<T | null> {
    const path = join(this.path, file);
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (error) {
      if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return null;
      throw error;
    }
    try {
      const content = JSON.parse(text) as T & { schemaVersion: number };
      if (content.schemaVersion === 1) return content;
    } catch {
      // said below
    }
    throw new DeploymentError(
      "INTERNAL_ERROR",
      `${path} cannot be read by this version of mlflow-deployments. Use the version that wrote it, or end its processes and remove its directory.`,
    );
  }

  /** In one step: whoever reads sees the old or the new. */
  async #write(file: string, content: unknown): Promise<void> {
    const draft = join(this.path, `.${file}-${randomBytes(4).toString("hex")}`);
    await writeFile(draft, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 });
    await rename(draft, join(this.path, file));
  }
}
