/** Installs a version's packages as AI Platform did: each by pip, into a directory of its own, with what it requires. */
import { createReadStream } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";

import { installEnvironment } from "../../runtime/child-environment.js";
import { ensureEnvironment, missingRequirements } from "../../runtime/environment.js";
import { run } from "../../runtime/process.js";
import type { PythonInterpreter } from "../../runtime/python.js";
import { buildInterpreter } from "../build/build-backend.js";
import { extractTarGz } from "../build/tar.js";
import type { Installation, InstallRequest } from "./prediction-runtime.js";

/** A package of the user's that cannot be installed, in the service's words. */
export class InstallError extends Error {
  override readonly name = "InstallError";
}

/**
 * Installs packages into `directory`; what they require is met by the interpreter's own packages, or else by an
 * environment made for them and kept.
 *
 * @throws InstallError naming the package and why.
 */
export async function installPackages(
  request: InstallRequest,
  python: PythonInterpreter,
  cacheDir: string | undefined,
): Promise<Installation> {
  const { packages, directory, onLine, signal } = request;
  const target = join(directory, "packages");
  const home = join(directory, "home");
  await mkdir(target, { recursive: true });
  await mkdir(home, { recursive: true, mode: 0o700 });
  try {
    for (const [index, path] of packages.entries()) {
      const installing = installPackage(path, join(directory, "sources", String(index)), { target, home });
      await failsAs(`User-provided package ${basename(path)} failed to install`, signal, installing);
    }
    const names = packages.map((path) => basename(path)).join(", ");
    const requiring = meetRequirements();
    return await failsAs(`The requirements of ${names} failed to install`, signal, requiring);
  } finally {
    for (const each of [home, join(directory, "sources")]) await rm(each, { recursive: true, force: true });
  }

  async function installPackage(path: string, unpacked: string, where: { target: string; home: string }) {
    const project = path.endsWith(".tar.gz") ? await unpack(path, unpacked, signal) : path;
    const builder = await buildInterpreter([project], python, { cacheDir, onLine, signal });
    const options = ["--no-input", "--disable-pip-version-check", "--no-compile", "--upgrade", "--no-deps"];
    const isolation = builder ? ["--no-build-isolation"] : [];
    const { code } = await run({
      command: (builder ?? python).path,
      args: ["-m", "pip", "install", ...options, ...isolation, "--target", where.target, project],
      env: installEnvironment(where.home),
      onLine,
      signal,
    });
    if (code !== 0) throw new Error(`pip install returned non-zero exit status ${code}`);
  }

  async function meetRequirements(): Promise<Installation> {
    const requirements = (await requirementsOf(python, target)).join("\n");
    const missing = await missingRequirements(python, requirements);
    if (missing.length === 0) return { python: python.path, pythonPath: [target] };
    onLine(`An environment is needed for: ${missing.join(", ")}`);
    const options = { python, requirements, onLine, signal, ...(cacheDir !== undefined && { cacheDir }) };
    return { python: (await ensureEnvironment(options)).path, pythonPath: [target] };
  }
}

async function failsAs<T>(what: string, signal: AbortSignal, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    signal.throwIfAborted();
    throw new InstallError(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A source distribution holds one directory, the project. */
async function unpack(path: string, directory: string, signal: AbortSignal): Promise<string> {
  await mkdir(directory, { recursive: true });
  await extractTarGz(createReadStream(path), directory, signal);
  const [project, ...others] = await readdir(directory);
  if (project === undefined || others.length > 0) throw new Error("a source distribution holds one directory");
  return join(directory, project);
}

/* What the packages in a directory require, but for each other and for their extras. */
const program = `
import re, sys
from importlib.metadata import distributions

def canonical(name):
    return re.sub("[-_.]+", "-", name).lower()

found = list(distributions(path=[sys.argv[1]]))
own = {canonical(each.metadata["Name"]) for each in found}
for each in found:
    for line in each.requires or []:
        name = re.match("[A-Za-z0-9._-]+", line)
        if name and canonical(name[0]) not in own and not re.search(r";.*\\bextra\\b", line):
            print(line)
`;

async function requirementsOf(python: PythonInterpreter, directory: string): Promise<string[]> {
  const { code, lines } = await run({ command: python.path, args: ["-I", "-c", program, directory] });
  if (code !== 0) throw new Error(`they could not be read: ${lines.at(-1) ?? "no reason given"}`);
  return lines;
}
