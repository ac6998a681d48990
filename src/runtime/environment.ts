import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DeploymentError } from "../core/errors.js";
import { cacheDirectory, installEnvironment } from "./child-environment.js";
import { withDirectoryLock } from "./directory-lock.js";
import { run } from "./process.js";
import { inspectPython, minorOf } from "./python.js";
import type { PythonInterpreter } from "./python.js";
import { requirementLines } from "./requirements.js";

export { missingRequirements } from "./requirements.js";

/** How much of pip's output an error shows, in lines. */
const shownLines = 12;

/** A half-made environment older than this was left by a killed process. Milliseconds. */
const abandonedAfter = 24 * 60 * 60_000;

export interface EnvironmentOptions {
  /** The interpreter that the environment is made with. */
  python: PythonInterpreter;
  /** The text of a requirements file. A path in it is known by its name, not by what it holds. */
  requirements: string;
  /** A directory in which the requirements name files such as `./wheels/a.whl`. Their content is part of what is cached. */
  files?: string | undefined;
  /** The text of a constraints file: versions that hold for packages that something else asks for. Default: none. */
  constraints?: string;
  /** Default: `MLFLOW_DEPLOYMENTS_CACHE`, else the user's cache directory. */
  cacheDir?: string;
  /** pip's output, and what is waited for. */
  onLine?: (line: string) => void;
  signal?: AbortSignal;
}

/**
 * A virtual environment in which `requirements` are installed: a cached one of the same Python version and requirements, else a
 * new one. Processes that ask for the same one at once make it once. A failed installation leaves nothing.
 *
 * @throws DeploymentError `FAILED_PRECONDITION` when it can't be made, with the last lines of pip's output.
 */
export async function ensureEnvironment(options: EnvironmentOptions): Promise<PythonInterpreter> {
  const home = join(options.cacheDir ?? cacheDirectory(), "environments", await environmentKey(options));
  const ready = await readyEnvironment(home);
  if (ready) return ready;
  const lockOptions = {
    ...(options.signal ? { signal: options.signal } : {}),
    onWait: (owner: string) => options.onLine?.(`waiting for ${owner}, which makes the same environment`),
  };
  return withDirectoryLock(join(home, "lock"), lockOptions, async () => {
    const made = await readyEnvironment(home);
    if (made) return made;
    await removeAbandoned(home);
    return makeEnvironment(home, options);
  });
}

async function environmentKey({ python, requirements, constraints = "", files }: EnvironmentOptions): Promise<string> {
  const lines = requirementLines(requirements).toSorted();
  const parts = [python.version, process.platform, process.arch, ...lines];
  parts.push(...requirementLines(constraints).map((line) => `-c ${line}`));
  if (files !== undefined) parts.push(...(await Promise.all(lines.map((line) => contentHash(line, files)))).flat());
  return createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 20);
}

/** The hash of the file in `directory` that a requirement names, if it does. */
async function contentHash(line: string, directory: string): Promise<string[]> {
  const path = /^\.\/[^\s;[]+/.exec(line)?.[0];
  if (path === undefined) return [];
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(join(directory, path)) as AsyncIterable<Buffer>) hash.update(chunk);
  } catch {
    return []; // pip says better what is wrong with it
  }
  return [hash.digest("hex")];
}

// An environment can't be moved (its scripts hold its path), so it is made in a directory of its own and a pointer is
// renamed into place when it is whole: who reads the pointer never sees half an environment.
const pointer = "complete.json";

async function readyEnvironment(home: string): Promise<PythonInterpreter | undefined> {
  try {
    const { directory } = JSON.parse(await readFile(join(home, pointer), "utf8")) as {
      directory: string;
    };
    return await inspectPython(interpreterIn(join(home, directory)));
  } catch {
    return undefined; // Never made, or the Python it was made with is gone.
  }
}

async function makeEnvironment(home: string, options: EnvironmentOptions): Promise<PythonInterpreter> {
  const directory = `environment-${randomBytes(4).toString("hex")}`;
  const path = join(home, directory);
  const pipHome = `${path}-home`;
  try {
    await mkdir(pipHome, { mode: 0o700 });
    const env = installEnvironment(pipHome);
    await createVenv(path, env, options);
    await install(path, env, options);
    const python = await inspectPython(interpreterIn(path));
    await writeFile(`${path}.json`, JSON.stringify({ directory }));
    await rename(`${path}.json`, join(home, pointer));
    return python;
  } catch (error) {
    await rm(path, { recursive: true, force: true });
    throw error;
  } finally {
    await rm(pipHome, { recursive: true, force: true });
  }
}

type Variables = Record<string, string>;

async function createVenv(path: string, env: Variables, options: EnvironmentOptions): Promise<void> {
  const { python, onLine, signal } = options;
  const made = await run({
    command: python.path,
    args: ["-m", "venv", path],
    env,
    onLine: (line) => onLine?.(line),
    ...(signal ? { signal } : {}),
  });
  if (made.code === 0) return;
  const minor = minorOf(python.version);
  throw new DeploymentError(
    "FAILED_PRECONDITION",
    `${python.path} could not make a virtual environment: ${made.lines.filter(Boolean).at(-1) ?? "no reason given"}\n` +
      `On Debian and Ubuntu the module comes apart from Python: apt install python${minor}-venv.`,
  );
}

async function install(path: string, env: Variables, options: EnvironmentOptions): Promise<void> {
  const { requirements, constraints, files, onLine, signal } = options;
  const file = join(path, "requirements.txt");
  await writeFile(file, requirements);
  const pip = ["-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"];
  const constraintsFile = join(path, "constraints.txt");
  if (constraints !== undefined) await writeFile(constraintsFile, constraints);
  const installed = await run({
    command: interpreterIn(path),
    args: [...pip, "-r", file, ...(constraints === undefined ? [] : ["-c", constraintsFile])],
    ...(files !== undefined && { cwd: files }),
    env,
    onLine: (line) => onLine?.(withoutUrlCredentials(line)),
    ...(signal ? { signal } : {}),
  });
  if (installed.code === 0) return;
  const end = installed.lines.filter(Boolean).slice(-shownLines).map(withoutUrlCredentials);
  throw new DeploymentError(
    "FAILED_PRECONDITION",
    `pip could not install the requirements (exit code ${installed.code}). Its last lines:\n  ${end.join("\n  ")}`,
  );
}

async function removeAbandoned(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    const path = join(home, name);
    if (!name.startsWith("environment-")) continue;
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > abandonedAfter) await rm(path, { recursive: true, force: true });
  }
}

function interpreterIn(environment: string): string {
  return process.platform === "win32" ? join(environment, "Scripts", "python.exe") : join(environment, "bin", "python");
}

function withoutUrlCredentials(line: string): string {
  return line.replaceAll(/\/\/[^/\s@]*@/g, "//****@");
}
