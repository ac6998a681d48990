import { dirname, isAbsolute, join } from "node:path/posix";

import { DeploymentError } from "../core/errors.js";
import type { ModelFile, ResolvedModel } from "../core/model.js";
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
 * Reads a model's requirements, the files of the model that they name (`-r`, `-c`), and finds their wheels.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` with file and line, for what cannot be installed elsewhere, and for wheels of
 * more than 2 GiB.
 */
export async function modelRequirements(model: ResolvedModel): Promise<ModelRequirements> {
  const found: Found = { lines: [], packages: [], constraints: null, wheels: [] };
  await add(parseRequirements(model.requirements, fileName), ".", { model, found, lines: 0 }, 0);
  checkSize(found.wheels);
  return { ...found, needsTools: found.lines.some((line) => line.includes("git+") || line.startsWith("--no-binary")) };
}

type Found = Omit<ModelRequirements, "needsTools">;

interface Reading {
  model: ResolvedModel;
  found: Found;
  /** Lines so far. */
  lines: number;
}

async function add(
  lines: readonly RequirementLine[],
  directory: string,
  reading: Reading,
  depth: number,
): Promise<void> {
  const { model, found } = reading;
  count(lines, reading);
  for (const line of lines) {
    if (line.kind === "option") found.lines.push(line.text);
    else if (line.kind === "package") addPackage(line, line.requirement, model, found);
    else {
      if (depth === deepest) line.source.refuse(`requirements files are more than ${deepest} deep inside one another`);
      const path = pathInModel(isAbsolute(line.path) ? line.path : join(directory, line.path), line.source);
      const inner = parseRequirements(await textOf(path, model, line), `The model's ${path}`);
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

function addPackage(line: RequirementLine, requirement: Requirement, model: ResolvedModel, found: Found): void {
  if (requirement.wheel !== null) {
    const { localPath, size, sha256 } = fileOf(requirement.wheel, model, line);
    const path = `wheels/${requirement.wheel.replace(/^.*\//, "")}`;
    const other = found.wheels.find((wheel) => wheel.path === path);
    if (other && other.sha256 !== sha256) line.source.refuse(`another wheel of the model has the same name, ${path}`);
    if (!other) found.wheels.push({ path, localPath, size, sha256 });
  }
  found.lines.push(requirement.line);
  found.packages.push(requirement);
}

async function textOf(path: string, model: ResolvedModel, line: RequirementLine): Promise<string> {
  const { localPath, size } = fileOf(path, model, line);
  if (size > largestFile) line.source.refuse(`${path} has ${size} bytes, more than ${largestFile}`);
  try {
    return await readText(localPath);
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

function checkSize(wheels: readonly CopiedFile[]): void {
  const size = wheels.reduce((sum, wheel) => sum + wheel.size, 0);
  if (size <= largestWheels) return;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The model's wheels have ${size} bytes; a bundle takes ${largestWheels} (2 GiB). Name packages of an index in requirements.txt in their place, or choose a baseImage that has them.`,
  );
}
