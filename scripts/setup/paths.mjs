import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The directory of the repository. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Where everything that can be made again is kept, apart from `node_modules` and `dist`. */
export const cache = join(root, ".cache");

/**
 * One hash over files and all files below directories, by their paths and contents.
 *
 * @param {string[]} paths relative to the repository
 * @returns {string}
 */
export function hashOf(paths) {
  const hash = createHash("sha256");
  for (const file of paths.flatMap(filesBelow).sort((a, b) => (a < b ? -1 : 1))) {
    const content = readFileSync(file);
    hash.update(`${relative(root, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex").slice(0, 20);
}

/** @param {string} path */
function filesBelow(path) {
  const absolute = join(root, path);
  try {
    return readdirSync(absolute, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if (error.code === "ENOTDIR") return [absolute];
    throw error;
  }
}
