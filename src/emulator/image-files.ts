import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * The directories of images, which stay for as long as anything needs them: a registered image, a version of a model, or
 * work that is under way.
 */
export class ImageFiles {
  /** Where builds put them. */
  readonly directory: string;
  readonly #users: (() => readonly string[])[] = [];
  /** How often each directory is held. */
  readonly #held = new Map<string, number>();

  constructor(dataDir: string) {
    this.directory = join(dataDir, "images");
  }

  /** @param roots The directories that someone needs, at any time it is asked. */
  addUser(roots: () => readonly string[]): void {
    this.#users.push(roots);
  }

  /** Keeps what `work` holds for as long as it goes on. What nobody needs by then is removed. */
  async during<T>(work: (hold: (root: string) => void) => Promise<T>): Promise<T> {
    const held: string[] = [];
    try {
      return await work((root) => {
        held.push(root);
        this.#held.set(root, (this.#held.get(root) ?? 0) + 1);
      });
    } finally {
      for (const root of held) {
        this.#held.set(root, this.#held.get(root)! - 1);
        await this.removeUnused(root);
      }
    }
  }

  /** Removes an image's directory, unless it is needed. */
  async removeUnused(root: string): Promise<void> {
    const isOurs = dirname(root) === this.directory && existsSync(root);
    const isUsed = (this.#held.get(root) ?? 0) > 0 || this.#users.some((roots) => roots().includes(root));
    if (!isOurs || isUsed) return;
    // under another name at once: the same image may be built again while this one is being removed
    const removed = `${root}.removed-${randomUUID()}`;
    await rename(root, removed);
    await rm(removed, { recursive: true, force: true });
  }
}
