import { startProcess } from "../../runtime/process.js";
import { stepFailure } from "./build-failure.js";
import type { BuildContext } from "./image-draft.js";

/** Runs a program of a RUN, without a shell, its output in the build's log. @throws BuildFailure when it fails. */
export async function runProgram(options: {
  command: string;
  args: readonly string[];
  cwd: string;
  env: Record<string, string>;
  /** The command as the Dockerfile has it. */
  shown: string;
  context: BuildContext;
}): Promise<void> {
  const { context, command, args, cwd, env } = options;
  const child = startProcess({ command, args, cwd, env, onLine: context.onLine, signal: context.signal });
  const { code, signal } = await child.exited;
  context.signal.throwIfAborted();
  if (code === 0) return;
  throw stepFailure(`The command '${options.shown}' returned a non-zero code: ${code ?? signal}`);
}
