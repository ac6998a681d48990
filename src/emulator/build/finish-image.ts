import { createHash, type Hash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join, posix, relative, sep } from "node:path";

import type { BuiltImage } from "../images.js";
import { hostPath, type ImageDraft } from "./image-draft.js";

/** What pip writes about where and when it worked, which differs from build to build. */
const unstable = /(^|\/)(__pycache__\/.*|direct_url\.json|RECORD|.*\.pyc)$/;

/**
 * Gives a followed Dockerfile's result its digest, and moves its files to where images are kept. The same result has the
 * same digest, and is kept once.
 *
 * @param hold Called with the directory before it is looked at: it must not be removed from then on.
 */
export async function finishImage(
  draft: ImageDraft,
  imagesDir: string,
  hold: (root: string) => void,
): Promise<BuiltImage & { sizeBytes: number }> {
  const { digest, sizeBytes } = await describe(draft);
  const home = join(imagesDir, digest.replace(":", "-"));
  hold(home);
  if (existsSync(home)) await rm(draft.root, { recursive: true, force: true });
  else {
    await mkdir(dirname(home), { recursive: true });
    await rename(draft.root, home);
  }
  const kept = { ...draft, root: home };
  return {
    digest,
    sizeBytes,
    root: home,
    python: draft.python.path,
    pythonPath: draft.pythonPath.map((path) => hostPath(kept, path)),
    workdir: hostPath(kept, "."),
    command: [...draft.entrypoint, ...draft.command].map((word) => onHost(word, kept)),
    env: draft.env,
  };
}

/** A word of a command that names a file of the image. */
function onHost(word: string, draft: ImageDraft): string {
  return posix.isAbsolute(word) && existsSync(hostPath(draft, word)) ? hostPath(draft, word) : word;
}

async function describe(draft: ImageDraft): Promise<{ digest: string; sizeBytes: number }> {
  const hash = createHash("sha256");
  const { python, requirements, pythonPath, workdir, env, entrypoint, command } = draft;
  const settings = Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1));
  hash.update(JSON.stringify([python.version, requirements, pythonPath, workdir, settings, entrypoint, command]));
  let sizeBytes = 0;
  for (const path of await filesUnder(draft.root)) {
    const name = relative(draft.root, path).split(sep).join("/");
    if (unstable.test(name)) continue;
    const { size, mode } = await stat(path);
    sizeBytes += size;
    hash.update(JSON.stringify([name, size, (mode & 0o100) !== 0]));
    await addContent(hash, path);
  }
  return { digest: `sha256:${hash.digest("hex")}`, sizeBytes };
}

async function filesUnder(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath, entry.name)).sort();
}

async function addContent(hash: Hash, path: string): Promise<void> {
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
}
