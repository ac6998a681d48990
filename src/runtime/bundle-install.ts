import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { DeploymentError, throwIfCancelled } from "../core/errors.js";
import { installEnvironment } from "./child-environment.js";
import { ensureEnvironment, missingRequirements } from "./environment.js";
import { run } from "./process.js";
import { findPython, inspectPython, minorOf, type PythonInterpreter } from "./python.js";

/** How much of pip's output an error shows, in lines. */
const shownLines = 12;

export interface BundleInstallOptions {
  /** The sdist: `deploy_from_script-<version>.tar.gz`. */
  archive: string;
  /** The folder that it unpacks into. */
  root: string;
  /** The Python that the model was logged with, such as `3.11.7`; null where it does not say. */
  pythonVersion: string | null;
  /** The interpreter to use, a path or a name. Default: one of the model's Python version. */
  python?: string | undefined;
  /** Where the bundle's modules are installed; made if absent. */
  modules: string;
  /** An empty directory for what is needed meanwhile. */
  scratch: string;
  onLine?: (line: string) => void;
  onWarning?: (message: string) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Installs a bundle as its image would have it: the interpreter, the requirements (those of the interpreter's own environment,
 * where it satisfies them, or else a cached environment made for them), and the sdist itself, by pip, into a directory.
 *
 * @returns The interpreter to serve with.
 * @throws DeploymentError `FAILED_PRECONDITION` when there is no such Python, or pip fails, with its last lines; `CANCELLED`.
 */
export async function installBundle(options: BundleInstallOptions): Promise<PythonInterpreter> {
  const base = await basePython(options);
  throwIfCancelled(options.signal, "Installing the bundle");
  const home = join(options.scratch, "home");
  const sources = join(options.scratch, "sources");
  await Promise.all([mkdir(home, { recursive: true, mode: 0o700 }), mkdir(sources, { recursive: true })]);
  // the archive is of this package's own making; Python reads it, so that nothing else here needs to know the format
  await pythonRun(base, ["-I", "-m", "tarfile", "-e", options.archive, sources], "unpack the bundle", home, options);
  const unpacked = join(sources, options.root);
  const python = await servingPython(base, unpacked, options);
  const builder = await buildPython(python, unpacked, options);
  const pip = ["-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"];
  const how = ["--no-compile", "--no-deps", "--no-build-isolation", "--upgrade", "--target", options.modules];
  await pythonRun(builder, [...pip, ...how, options.archive], "install the bundle with pip", home, options);
  return python;
}

async function basePython({ python, pythonVersion, onWarning }: BundleInstallOptions): Promise<PythonInterpreter> {
  const minor = pythonVersion === null ? undefined : minorOf(pythonVersion);
  if (python === undefined) return findPython(minor === undefined ? {} : { version: minor });
  const chosen = await inspectPython(python);
  if (minor !== undefined && minorOf(chosen.version) !== minor) {
    onWarning?.(
      `The model was logged with Python ${pythonVersion} and is served with ${chosen.version} (${chosen.path}): it may not load.`,
    );
  }
  return chosen;
}

/** `base` if it has all that is required, else an environment made with it. */
async function servingPython(
  base: PythonInterpreter,
  unpacked: string,
  { onLine, signal }: BundleInstallOptions,
): Promise<PythonInterpreter> {
  const [model, runtime, constraints] = await Promise.all(
    ["requirements.txt", "runtime-requirements.txt", "constraints.txt"].map((name) => textOf(join(unpacked, name))),
  );
  const requirements = `${model ?? ""}\n${runtime ?? ""}`
    .split("\n")
    .filter((line) => !line.startsWith("-c "))
    .join("\n");
  const missing = await missingRequirements(base, [requirements, constraints ?? ""].join("\n"));
  if (missing.length === 0) return base;
  onLine?.(`An environment is needed for: ${missing.join(", ")}`);
  return ensureEnvironment({ python: base, requirements, constraints, files: unpacked, onLine, signal });
}

/** An interpreter that has what the bundle is built with. pip would fetch that each time, and throw it away. */
async function buildPython(
  python: PythonInterpreter,
  unpacked: string,
  { onLine, signal }: BundleInstallOptions,
): Promise<PythonInterpreter> {
  const project = (await textOf(join(unpacked, "pyproject.toml"))) ?? "";
  const requirements = (/^requires = \[(.*)\]$/m.exec(project)?.[1] ?? "")
    .split(",")
    .map((quoted) => quoted.trim().replaceAll('"', ""))
    .join("\n");
  if ((await missingRequirements(python, requirements)).length === 0) return python;
  return ensureEnvironment({ python, requirements, onLine, signal });
}

async function pythonRun(
  python: PythonInterpreter,
  args: readonly string[],
  doing: string,
  home: string,
  { onLine, signal }: BundleInstallOptions,
): Promise<void> {
  const { code, lines } = await run({
    command: python.path,
    args,
    cwd: home,
    env: installEnvironment(home),
    onLine: (line) => onLine?.(line),
    signal,
  });
  if (code === 0) return;
  const end = lines.filter((line) => line.trim() !== "").slice(-shownLines);
  throw new DeploymentError(
    "FAILED_PRECONDITION",
    `${python.path} could not ${doing} (exit code ${code}). Its last lines:\n  ${end.join("\n  ")}`,
  );
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
