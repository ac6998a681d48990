import { dirname, isAbsolute, join } from "node:path/posix";

import { DeploymentError } from "../core/errors.js";
import { localFiles } from "../core/model-files.js";
import type { ModelFile, ResolvedModel } from "../core/model.js";
import type { StepContext } from "../core/progress.js";
import type { CopiedFile } from "./archive.js";
import { parseRequirements, pathInModel, type Requirement, type RequirementLine } from "./requirements.js";
import { readText } from "./templates.js";

/** What a model needs, with all that its files name. */
export interface ModelRequirements {
  /** The requirements file: options, and packages in their order. */
  lines: string[];
  packages: Requirement[];
  /** Versions that hold for packages that something else asks for; null for none. */
  constraints: Requirement[] | null;
  /** Wheels of the model, at their place in the bundle. */
  wheels: CopiedFile[];
  /** Whether something is fetched by git, or built from its source: a slim image lacks what that needs. */
  needsTools: boolean;
}

/** Requirements files inside one another. */
const deepest = 5;
/** Lines of all requirements files, each as often as it is named: files that name others multiply. */
const mostLines = 10_000;
/** Bytes of a requirements file. */
const largestFile = 4 * 1024 * 1024;

/** All wheels of a model, in bytes. A build's source is unpacked, copied and installed: several times this has to be free. */
const largestWheels = 2 * 1024 ** 3;

const fileName = "The model's requirements.txt";

/**
 * Reads a model's requirements, the files of the model that they name (`-r`, `-c`), and finds their wheels. Of the model's files
 * these alone are brought to this machine.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` with file and line, for what cannot be installed elsewhere, and for wheels of
 * more than 2 GiB.
 */
export async function modelRequirements(model: ResolvedModel, context: StepContext): Promise<ModelRequirements> {
  const found: Found = { lines: [], packages: [], constraints: null };
  const reading: Reading = { model, context, found, wheels: new Map(), lines: 0 };
  await add(parseRequirements(model.requirements, fileName), ".", reading, 0);
  const wheels = await wheelsOf(reading);
  return {
    ...found,
    wheels,
    needsTools: found.lines.some((line) => line.includes("git+") || line.startsWith("--no-binary")),
  };
}

type Found = Omit<ModelRequirements, "needsTools" | "wheels">;

interface Reading {
  model: ResolvedModel;
  context: StepContext;
  found: Found;
  /** Files of the model, each with the line that names it first. */
  wheels: Map<ModelFile, RequirementLine>;
  /** Lines so far. */
  lines: number;
}

async function add(
  lines: readonly RequirementLine[],
  directory: string,
  reading: Reading,
  depth: number,
): Promise<void> {
  const { found } = reading;
  count(lines, reading);
  for (const line of lines) {
    if (line.kind === "option") found.lines.push(line.text);
    else if (line.kind === "package") addPackage(line, line.requirement, reading);
    else {
      if (depth === deepest) line.source.refuse(`requirements files are more than ${deepest} deep inside one another`);
      const path = pathInModel(isAbsolute(line.path) ? line.path : join(directory, line.path), line.source);
      const inner = parseRequirements(await textOf(path, reading, line), `The model's ${path}`);
      if (line.kind === "requirements") await add(inner, dirname(path), reading, depth + 1);
      else {
        count(inner, reading);
        (found.constraints ??= []).push(...inner.map(constraintOf));
      }
    }
  }
}

function count(lines: readonly RequirementLine[], reading: Reading): void {
  reading.lines += lines.length;
  if (reading.lines > mostLines) {
    lines[0]?.source.refuse(`with the files that name one another there are more than ${mostLines} requirements`);
  }
}

function addPackage(line: RequirementLine, requirement: Requirement, { model, found, wheels }: Reading): void {
  if (requirement.wheel !== null) {
    const file = fileOf(requirement.wheel, model, line);
    if (!wheels.has(file)) wheels.set(file, line);
  }
  found.lines.push(requirement.line);
  found.packages.push(requirement);
}

/** The wheels on this machine, each once: two of one name must be the same. */
async function wheelsOf({ model, wheels, context }: Reading): Promise<CopiedFile[]> {
  const files = [...wheels.keys()];
  checkSize(files);
  const found = new Map<string, CopiedFile>();
  for (const { path, localPath, size, sha256 } of await localFiles(model, files, context)) {
    const place = `wheels/${path.replace(/^.*\//, "")}`;
    const other = found.get(place);
    if (other && other.sha256 !== sha256) {
      const line = [...wheels].find(([file]) => file.path === path)![1];
      line.source.refuse(`another wheel of the model has the same name, ${place}`);
    }
    if (!other) found.set(place, { path: place, localPath, size, sha256 });
  }
  return [...found.values()];
}

async function textOf(path: string, { model, context }: Reading, line: RequirementLine): Promise<string> {
  const file = fileOf(path, model, line);
  if (file.size > largestFile) line.source.refuse(`${path} has ${file.size} bytes, more than ${largestFile}`);
  const [local] = await localFiles(model, [file], context);
  try {
    return await readText(local!.localPath);
  } catch {
    return line.source.refuse(`${path} cannot be read as UTF-8 text`);
  }
}

function fileOf(path: string, { files }: ResolvedModel, { source }: RequirementLine): ModelFile {
  const file = files.find((each) => each.path === path);
  return file ?? source.refuse(`it names ${path}, which is not among the model's files. Log the model again`);
}

function constraintOf(line: RequirementLine): Requirement {
  const { source, kind } = line;
  if (kind !== "package" || line.requirement.wheel !== null) {
    return source.refuse("a constraint is a package's name with versions");
  }
  if (line.requirement.line.includes("[")) source.refuse("pip takes no extras in constraints; leave them out");
  return line.requirement;
}

function checkSize(wheels: readonly ModelFile[]): void {
  const size = wheels.reduce((sum, wheel) => sum + wheel.size, 0);
  if (size <= largestWheels) return;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The model's wheels have ${size} bytes; a bundle takes ${largestWheels} (2 GiB). Name packages of an index in requirements.txt in their place, or choose a baseImage that has them.`,
  );
}
