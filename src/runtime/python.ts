import { DeploymentError } from "../core/errors.js";
import { run } from "./process.js";
import type { CompletedProcess } from "./process.js";

/** A Python interpreter of this machine. */
export interface PythonInterpreter {
  /** Its absolute path, which for a virtual environment is the environment's own. */
  path: string;
  /** Its full version, such as `3.11.7`. */
  version: string;
}

/** The Python minor versions that are looked for by name, newest first. */
const minorVersions = ["3.14", "3.13", "3.12", "3.11", "3.10"];

const question = "import sys; print(sys.executable); print('.'.join(map(str, sys.version_info[:3])))";

/**
 * Asks the interpreter at `path` (or of that name on `PATH`) what it is.
 *
 * @throws DeploymentError `FAILED_PRECONDITION` when it does not run or is not Python 3.
 */
export async function inspectPython(path: string): Promise<PythonInterpreter> {
  // -I: no PYTHON* variables and no modules from the working directory.
  const answer: CompletedProcess = await run({ command: path, args: ["-I", "-c", question] });
  const [executable, version] = answer.lines.slice(-2);
  if (answer.code !== 0 || !executable || !version || !/^3\.\d+\.\d+$/.test(version)) {
    throw new DeploymentError("FAILED_PRECONDITION", `${path} is not a working Python 3 interpreter.`);
  }
  return { path: executable, version };
}

export interface FindPythonOptions {
  /** The minor version wanted, such as `3.11`. Default: any from `minimum` on. */
  version?: string;
  /** Paths or names to try, in order. Default: `MLFLOW_DEPLOYMENTS_PYTHON`, then the usual names on `PATH`. */
  candidates?: readonly string[];
  /** The oldest minor version that will do. Default: `3.10`. */
  minimum?: string;
}

/**
 * The first interpreter that fits.
 *
 * @throws DeploymentError `FAILED_PRECONDITION` when there is none, saying what to install.
 */
export async function findPython(options: FindPythonOptions = {}): Promise<PythonInterpreter> {
  const { version, minimum = "3.10" } = options;
  const seen = new Set<string>();
  for (const candidate of options.candidates ?? usualCandidates(version)) {
    const found = await inspectPython(candidate).catch(() => undefined);
    if (!found) continue;
    if (version === undefined ? isAtLeast(found.version, minimum) : minorOf(found.version) === version) return found;
    seen.add(`${found.version} (${found.path})`);
  }
  const wanted = version === undefined ? `Python ${minimum} or newer` : `Python ${version}`;
  const instead = seen.size > 0 ? ` Found only ${[...seen].join(", ")}.` : "";
  throw new DeploymentError("FAILED_PRECONDITION", `${wanted} was not found.${instead} ${installAdvice(version)}`);
}

function usualCandidates(version: string | undefined): string[] {
  const chosen = process.env["MLFLOW_DEPLOYMENTS_PYTHON"];
  const named = version === undefined ? [] : [`python${version}`];
  const others = version === undefined ? minorVersions.map((minor) => `python${minor}`) : [];
  return [...(chosen ? [chosen] : []), ...named, "python3", "python", ...others];
}

/** `3.11` of `3.11.7`. */
export function minorOf(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}

function isAtLeast(version: string, minimum: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [leastMajor = 0, leastMinor = 0] = minimum.split(".").map(Number);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

function installAdvice(version: string | undefined): string {
  const debian = version === undefined ? "python3 python3-venv" : `python${version} python${version}-venv`;
  const brew = version === undefined ? "python" : `python@${version}`;
  return `Install it (Debian, Ubuntu: apt install ${debian}; macOS: brew install ${brew}), or set MLFLOW_DEPLOYMENTS_PYTHON to its path.`;
}
