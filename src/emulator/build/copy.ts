import { existsSync, statSync } from "node:fs";
import { cp, mkdir, readdir } from "node:fs/promises";
import { basename, dirname, join, posix } from "node:path";

import { stepFailure } from "./build-failure.js";
import { type Instruction, splitWords, substitute } from "./dockerfile.js";
import { type BuildContext, hostPath, type ImageDraft } from "./image-draft.js";

/** Follows a COPY: what it names must be in the context. */
export async function copyIntoImage(instruction: Instruction, draft: ImageDraft, context: BuildContext): Promise<void> {
  const words = readWords(instruction).map((word) => substitute(word, { ...draft.args, ...draft.env }));
  const destination = words.pop();
  if (destination === undefined || words.length === 0) {
    throw stepFailure(`dockerfile line ${instruction.line}: COPY requires at least two arguments`);
  }
  const sources = (await Promise.all(words.map((word) => matchContext(context.directory, word)))).flat();
  if (sources.length > 1 && !destination.endsWith("/")) {
    throw stepFailure(
      "When using COPY with more than one source file, the destination must be a directory and end with a /",
    );
  }
  for (const source of sources) await copyOne(join(context.directory, source), destination, draft);
}

function readWords(instruction: Instruction): string[] {
  if (instruction.exec) return [...instruction.exec];
  const words = splitWords(instruction.text);
  while (words[0]?.startsWith("--")) {
    const option = words.shift()!;
    // there are no other users here, and no layers
    if (!/^--(chown|chmod|link)\b/.test(option)) {
      throw stepFailure(`dockerfile line ${instruction.line}: the emulator's COPY does not know ${option}`);
    }
  }
  return words;
}

/** A directory's content goes into the destination, a file to it or into it ("COPY" in the Dockerfile reference). */
async function copyOne(source: string, destination: string, draft: ImageDraft): Promise<void> {
  const target = hostPath(draft, destination);
  if (statSync(source).isDirectory()) {
    await cp(source, target, { recursive: true });
    return;
  }
  const intoDirectory = destination.endsWith("/") || (existsSync(target) && statSync(target).isDirectory());
  const file = intoDirectory ? join(target, basename(source)) : target;
  await mkdir(dirname(file), { recursive: true });
  await cp(source, file);
}

/** The paths in the context that a source of COPY names, `*` and `?` included. */
async function matchContext(directory: string, source: string): Promise<string[]> {
  const path = posix.normalize(`/${source}`).slice(1);
  if (posix.normalize(source).startsWith("../")) {
    throw stepFailure(`COPY failed: forbidden path outside the build context: ${source}`);
  }
  let found = [""];
  for (const segment of path.split("/").filter(Boolean)) {
    const next = await Promise.all(found.map((parent) => matchSegment(directory, parent, segment)));
    found = next.flat();
  }
  if (found.length > 0) return found;
  throw stepFailure(
    `COPY failed: file not found in build context or excluded by .dockerignore: stat ${path}: file does not exist`,
  );
}

async function matchSegment(directory: string, parent: string, segment: string): Promise<string[]> {
  if (!/[*?]/.test(segment)) {
    return existsSync(join(directory, parent, segment)) ? [join(parent, segment)] : [];
  }
  const literal = segment.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  const pattern = new RegExp(`^${literal.replaceAll("*", ".*").replaceAll("?", ".")}$`);
  const names = await readdir(join(directory, parent)).catch(() => []);
  return names.filter((name) => pattern.test(name)).map((name) => join(parent, name));
}
