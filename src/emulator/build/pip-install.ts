import { cacheDirectory, installEnvironment } from "../../runtime/child-environment.js";
import { ensureEnvironment } from "../../runtime/environment.js";
import { minorOf } from "../../runtime/python.js";
import { buildInterpreter } from "./build-backend.js";
import { stepFailure } from "./build-failure.js";
import { type BuildContext, hostPath, type ImageDraft } from "./image-draft.js";
import { readRequirements, type Requirements, toText, unmetRequirements } from "./requirement-files.js";
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
  const wanted: Requirements = { lines: [...install.sourceOptions, ...install.requirements], constraints: [] };
  for (const file of install.files) {
    const { lines, constraints } = await readRequirements(file, draft);
    wanted.lines.push(...lines);
    wanted.constraints.push(...constraints);
  }
  if (install.requirements.length + install.files.length > 0) await meetRequirements(wanted, draft, context);
  if (install.paths.length > 0) await installPaths(install, draft, context);
}

async function meetRequirements(wanted: Requirements, draft: ImageDraft, context: BuildContext): Promise<void> {
  const missing = await unmetRequirements(draft.python, wanted);
  draft.requirements.lines.push(...wanted.lines);
  draft.requirements.constraints.push(...wanted.constraints);
  if (missing.length === 0) {
    context.onLine(`Python ${draft.python.version} of this machine already satisfies the requirements.`);
    return;
  }
  context.onLine(`An environment is needed for: ${missing.join(", ")}`);
  const cacheDir = context.cacheDir ?? cacheDirectory();
  draft.python = await ensureEnvironment({
    python: draft.python,
    requirements: await toText(draft.requirements, cacheDir),
    files: hostPath(draft, "."),
    cacheDir,
    onLine: context.onLine,
    signal: context.signal,
  });
}

async function installPaths(install: PipInstall, draft: ImageDraft, context: BuildContext): Promise<void> {
  const packages = `/usr/local/lib/python${minorOf(draft.python.version)}/site-packages`;
  if (!draft.pythonPath.includes(packages)) draft.pythonPath.push(packages);
  const projects = install.paths.map((path) => hostPath(draft, path));
  const builder = await buildInterpreter(projects, draft.python, context);
  const args = [
    "-m",
    "pip",
    "install",
    "--no-input",
    "--disable-pip-version-check",
    "--no-compile",
    "--upgrade",
    "--target",
    hostPath(draft, packages),
    ...(install.noDeps ? ["--no-deps"] : []),
    ...(builder ? ["--no-build-isolation"] : []),
    ...install.sourceOptions.flatMap((option) => option.split(" ")),
    ...projects,
  ];
  await runProgram({
    command: (builder ?? draft.python).path,
    args,
    cwd: hostPath(draft, "."),
    env: installEnvironment(context.home),
    shown: `pip install ${install.paths.join(" ")}`,
    context,
  });
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
