import { mkdir } from "node:fs/promises";
import { delimiter } from "node:path";

import { childEnvironment } from "../../runtime/child-environment.js";
import { stepFailure } from "./build-failure.js";
import type { Instruction } from "./dockerfile.js";
import { type BuildContext, hostPath, type ImageDraft } from "./image-draft.js";
import { pipInstall } from "./pip-install.js";
import { runProgram } from "./run-program.js";

/** Programs that make the user a container runs as; here everything runs as the emulator's own user. */
const userPrograms = new Set(["useradd", "adduser", "groupadd", "addgroup"]);

/** Follows a RUN: Python and pip, in the image's environment and without a shell. */
export async function runInImage(instruction: Instruction, draft: ImageDraft, context: BuildContext): Promise<void> {
  const [program = "", ...args] = instruction.exec ?? splitCommand(instruction);
  const name = program.replace(/^.*\//, "");
  await mkdir(hostPath(draft, "."), { recursive: true });
  if (userPrograms.has(name)) {
    context.onLine(`The emulator has no users of its own: ${name} has no effect.`);
    return;
  }
  if (/^pip[0-9.]*$/.test(name) && args[0] === "install") return pipInstall(args.slice(1), draft, context);
  if (!/^python[0-9.]*$/.test(name)) {
    throw stepFailure(
      `dockerfile line ${instruction.line}: the emulator has no root file system, so its RUN knows python and pip only, not ${program}`,
    );
  }
  if (args[0] === "-m" && args[1] === "pip" && args[2] === "install") return pipInstall(args.slice(3), draft, context);
  await runProgram({
    command: draft.python.path,
    args,
    cwd: hostPath(draft, "."),
    env: childEnvironment({
      ...draft.env,
      ...draft.args,
      PYTHONPATH: draft.pythonPath.map((path) => hostPath(draft, path)).join(delimiter),
      HOME: context.home,
    }),
    shown: instruction.text,
    context,
  });
}

/** The shell form, as far as it needs no shell. */
function splitCommand({ text, line }: Instruction): string[] {
  if (/[|&;<>()$`\\"'*?[\]{}#~!]/.test(text)) {
    throw stepFailure(
      `dockerfile line ${line}: the emulator runs no shell. Write RUN in its exec form, ["python", "-m", "pip", …], one command each`,
    );
  }
  return text.split(/\s+/);
}
