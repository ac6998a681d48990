import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { installEnvironment } from "../../runtime/child-environment.js";
import { ensureEnvironment, missingRequirements } from "../../runtime/environment.js";
import { minorOf } from "../../runtime/python.js";
import { stepFailure } from "./build-failure.js";
import { type BuildContext, hostPath, type ImageDraft } from "./image-draft.js";
import { runProgram } from "./run-program.js";

/** Options of `pip install` that say how to install, not what. */
const flags = new Set([
  "--no-cache-dir",
  "--no-input",
  "--disable-pip-version-check",
  "--upgrade",
  "-U",
  "--quiet",
  "-q",
  "--no-warn-script-location",
  "--no-compile",
  "--prefer-binary",
  "--no-build-isolation",
  "--break-system-packages",
]);
/** Options that say where packages come from; a requirements file may hold them too. */
const sources = new Set(["--index-url", "-i", "--extra-index-url", "--find-links", "-f", "--trusted-host"]);
const ignoredValues = new Set(["--root-user-action", "--progress-bar", "--timeout", "--retries", "--default-timeout"]);

interface PipInstall {
  /** Files of requirements, as paths inside the image. */
  files: string[];
  requirements: string[];
  /** Projects and archives inside the image. */
  paths: string[];
  sourceOptions: string[];
  noDeps: boolean;
}

/**
 * Follows `pip install`. Requirements are met by the interpreter's own environment, or else by a cached one made for
 * them; a project in the image is really installed, into a directory of the image.
 *
 * @param args What follows `install`.
 */
export async function pipInstall(args: readonly string[], draft: ImageDraft, context: BuildContext): Promise<void> {
  const install = parseArguments(args);
  const requirements = [...install.requirements];
  for (const file of install.files) {
    const path = hostPath(draft, file);
    if (!existsSync(path)) {
      throw stepFailure(`ERROR: Could not open requirements file: [Errno 2] No such file or directory: '${file}'`);
    }
    requirements.push(...(await readFile(path, "utf8")).split(/\r?\n/));
  }
  if (requirements.length > 0) await meetRequirements([...install.sourceOptions, ...requirements], draft, context);
  if (install.paths.length > 0) await installPaths(install, draft, context);
}

async function meetRequirements(requirements: string[], draft: ImageDraft, context: BuildContext): Promise<void> {
  const missing = await missingRequirements(draft.python, requirements.join("\n"));
  draft.requirements.push(...requirements);
  if (missing.length === 0) {
    context.onLine(`Python ${draft.python.version} of this machine already satisfies the requirements.`);
    return;
  }
  context.onLine(`An environment is needed for: ${missing.join(", ")}`);
  draft.python = await ensureEnvironment({
    python: draft.python,
    requirements: draft.requirements.join("\n"),
    ...(context.cacheDir === undefined ? {} : { cacheDir: context.cacheDir }),
    onLine: context.onLine,
    signal: context.signal,
  });
}

async function installPaths(install: PipInstall, draft: ImageDraft, context: BuildContext): Promise<void> {
  const packages = `/usr/local/lib/python${minorOf(draft.python.version)}/site-packages`;
  if (!draft.pythonPath.includes(packages)) draft.pythonPath.push(packages);
  const projects = install.paths.map((path) => hostPath(draft, path));
  const isolated = !(await canBuildWithoutDownloads(projects, draft));
  const args = [
    ...["-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--no-compile", "--upgrade"],
    ...["--target", hostPath(draft, packages)],
    ...(install.noDeps ? ["--no-deps"] : []),
    ...(isolated ? [] : ["--no-build-isolation"]),
    ...install.sourceOptions.flatMap((option) => option.split(" ")),
    ...projects,
  ];
  await runProgram({
    command: draft.python.path,
    args,
    cwd: hostPath(draft, "."),
    env: installEnvironment(),
    shown: `pip install ${install.paths.join(" ")}`,
    context,
  });
}

/** pip fetches setuptools for each project that it builds, unless it is there and it is all the project asks for. */
async function canBuildWithoutDownloads(projects: string[], draft: ImageDraft): Promise<boolean> {
  const plain = projects.every((project) => existsSync(join(project, "setup.py")) && !existsSync(join(project, "pyproject.toml")));
  return plain && (await missingRequirements(draft.python, "setuptools>=70.1")).length === 0;
}

function parseArguments(args: readonly string[]): PipInstall {
  const install: PipInstall = { files: [], requirements: [], paths: [], sourceOptions: [], noDeps: false };
  for (let at = 0; at < args.length; at++) {
    const argument = args[at]!;
    if (!argument.startsWith("-")) {
      (isPath(argument) ? install.paths : install.requirements).push(argument);
      continue;
    }
    const cut = argument.indexOf("=");
    const option = cut === -1 ? argument : argument.slice(0, cut);
    const value = () => (cut === -1 ? (args[++at] ?? "") : argument.slice(cut + 1));
    if (option === "-r" || option === "--requirement") install.files.push(value());
    else if (option === "--no-deps") install.noDeps = true;
    else if (sources.has(option)) install.sourceOptions.push(`${option} ${value()}`);
    else if (ignoredValues.has(option)) value();
    else if (!flags.has(option)) throw stepFailure(`the emulator's "pip install" does not know the option ${option}`);
  }
  return install;
}

function isPath(argument: string): boolean {
  return /^[./]/.test(argument) || /\.(whl|tar\.gz|zip)$/.test(argument);
}
