import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, posix } from "node:path";

import { missingRequirements } from "../../runtime/environment.js";
import type { PythonInterpreter } from "../../runtime/python.js";
import { stepFailure } from "./build-failure.js";
import { hostPath, type ImageDraft } from "./image-draft.js";

/** What requirements files say, with the files that they name read as well. */
export interface Requirements {
  lines: string[];
  /** Versions that hold for packages that something else asks for. */
  constraints: string[];
}

/** Reads a requirements file of an image. @throws BuildFailure when it, or one that it names, is not there. */
export async function readRequirements(file: string, draft: ImageDraft): Promise<Requirements> {
  const path = hostPath(draft, file);
  if (!existsSync(path)) {
    throw stepFailure(`ERROR: Could not open requirements file: [Errno 2] No such file or directory: '${file}'`);
  }
  const found: Requirements = { lines: [], constraints: [] };
  for (const line of (await readFile(path, "utf8")).split(/\r?\n/)) {
    const [, option = "", named] = /^\s*(-r|--requirement|-c|--constraint)[ =]\s*(\S+)/.exec(line) ?? [];
    if (named === undefined) {
      found.lines.push(line);
      continue;
    }
    const inner = await readRequirements(posix.join(posix.dirname(file), named), draft);
    found.constraints.push(...inner.constraints);
    (option.includes("-r") ? found.lines : found.constraints).push(...inner.lines);
  }
  return found;
}

/** The requirements that an environment does not meet, and the constraints that what it has goes against. */
export async function unmetRequirements(python: PythonInterpreter, wanted: Requirements): Promise<string[]> {
  const missing = await missingRequirements(python, wanted.lines.join("\n"));
  const unmet = await missingRequirements(python, wanted.constraints.join("\n"));
  if (unmet.length === 0) return missing;
  // of a package that is not there, a constraint says nothing
  const absent = new Set(await missingRequirements(python, unmet.map(nameOf).join("\n")));
  return [...missing, ...unmet.filter((line) => !absent.has(nameOf(line)))];
}

/** A requirements file's text that names no file of the image: an environment outlives it. */
export async function toText(wanted: Requirements, cacheDir: string): Promise<string> {
  if (wanted.constraints.length === 0) return wanted.lines.join("\n");
  const content = wanted.constraints.join("\n");
  const directory = join(cacheDir, "constraints");
  const path = join(directory, `${createHash("sha256").update(content).digest("hex").slice(0, 20)}.txt`);
  await mkdir(directory, { recursive: true });
  await writeFile(path, content);
  return [...wanted.lines, `-c ${path}`].join("\n");
}

function nameOf(line: string): string {
  return /^[A-Za-z0-9._-]+/.exec(line)?.[0] ?? line;
}
