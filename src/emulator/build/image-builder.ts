import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, posix } from "node:path";

import { baseInterpreter } from "./base-image.js";
import { stepFailure } from "./build-failure.js";
import { copyIntoImage } from "./copy.js";
import { type Instruction, parseDockerfile, parsePairs, substitute } from "./dockerfile.js";
import { type BuildContext, hostPath, type ImageDraft, imagePath } from "./image-draft.js";
import { runInImage } from "./run.js";

/**
 * Follows a Dockerfile.
 *
 * @param root An empty directory for the image's files.
 * @throws BuildFailure for what Docker would refuse, what fails, and what the emulator does not follow.
 */
export async function buildImage(dockerfile: string, root: string, context: BuildContext): Promise<ImageDraft> {
  const instructions = parseDockerfile(dockerfile);
  if (existsSync(join(context.directory, ".dockerignore"))) {
    throw stepFailure("the emulator does not follow a .dockerignore: leave it out, and send only what the image needs");
  }
  const globals: Record<string, string> = {};
  let draft: ImageDraft | undefined;
  for (const [index, instruction] of instructions.entries()) {
    context.signal.throwIfAborted();
    context.onLine(`Step ${index + 1}/${instructions.length} : ${instruction.keyword} ${instruction.text}`);
    if (draft) await follow(instruction, draft, globals, context);
    else if (instruction.keyword === "ARG") declareArgument(instruction, globals, {}, context);
    else draft = await startImage(instruction, root, globals, context);
  }
  if (!draft) throw stepFailure("no build stage in current context");
  return draft;
}

async function startImage(
  instruction: Instruction,
  root: string,
  globals: Record<string, string>,
  context: BuildContext,
): Promise<ImageDraft> {
  if (instruction.keyword !== "FROM") {
    throw stepFailure(`dockerfile line ${instruction.line}: no build stage in current context`);
  }
  const words = substitute(instruction.text, globals).split(/\s+/);
  const image = words.find((word) => !word.startsWith("--")) ?? "";
  const python = await baseInterpreter(image, context.givenPython, context.onLine);
  await mkdir(root, { recursive: true });
  return {
    root,
    python,
    requirements: { lines: [], constraints: [] },
    pythonPath: [],
    workdir: "/",
    env: {},
    args: {},
    entrypoint: [],
    // the official image's own
    command: ["python3"],
  };
}

async function follow(
  instruction: Instruction,
  draft: ImageDraft,
  globals: Readonly<Record<string, string>>,
  context: BuildContext,
): Promise<void> {
  const variables = { ...draft.args, ...draft.env };
  switch (instruction.keyword) {
    case "FROM":
      throw stepFailure(`dockerfile line ${instruction.line}: the emulator follows Dockerfiles of one stage only`);
    case "ARG":
      return declareArgument(instruction, draft.args, globals, context);
    case "ENV":
      for (const [name, value] of parsePairs(instruction)) setVariable(name, substitute(value, variables), draft);
      return;
    case "WORKDIR":
      draft.workdir = imagePath(draft, substitute(instruction.text, variables));
      await mkdir(hostPath(draft, "."), { recursive: true });
      return;
    case "COPY":
      return copyIntoImage(instruction, draft, context);
    case "RUN":
      return runInImage(instruction, draft, context);
    case "ENTRYPOINT":
      draft.entrypoint = execForm(instruction);
      // as in Docker, a CMD from before is that of another program
      draft.command = [];
      return;
    case "CMD":
      draft.command = execForm(instruction);
      return;
    default:
    // USER, EXPOSE and LABEL change nothing that the emulator has
  }
}

function declareArgument(
  instruction: Instruction,
  args: Record<string, string>,
  globals: Readonly<Record<string, string>>,
  context: BuildContext,
): void {
  const [, name = "", fallback] = /^(\w+)(?:=(.*))?$/s.exec(instruction.text) ?? [];
  if (!name) throw stepFailure(`dockerfile line ${instruction.line}: ARG requires a name`);
  const value =
    context.buildArgs[name] ?? (fallback === undefined ? globals[name] : substitute(unquote(fallback), args));
  if (value !== undefined) args[name] = value;
}

/** PATH is this machine's, and what PYTHONPATH names is in the image's directory; the others are as they are. */
function setVariable(name: string, value: string, draft: ImageDraft): void {
  if (name === "PATH") return;
  if (name !== "PYTHONPATH") {
    draft.env[name] = value;
    return;
  }
  const paths = value
    .split(":")
    .filter(Boolean)
    .map((path) => posix.resolve("/", path));
  draft.pythonPath = [...new Set([...paths, ...draft.pythonPath])];
}

function execForm(instruction: Instruction): string[] {
  if (instruction.exec) return instruction.exec;
  throw stepFailure(
    `dockerfile line ${instruction.line}: the emulator runs no shell. Write ${instruction.keyword} in its exec form, ["python", …]`,
  );
}

function unquote(text: string): string {
  return text.replace(/^(["'])(.*)\1$/s, "$2");
}
