import type { BaseDeploymentClient } from "../core/base-client.js";
import type { Operation } from "../core/operation.js";
import { getDeployClient } from "../deploy-client.js";
import type { CliIo, CommandValues } from "./command.js";
import { configOfFile, mergedConfig, typedConfig } from "./config.js";
import { printOutcome } from "./outcome.js";
import type { TargetCall, TargetCommand } from "./target-command.js";
import { UsageError } from "./usage-error.js";

/** The options that all commands of a target have, or some. */
interface TargetValues {
  target: string;
  config: string[];
  configFile?: string;
  json?: boolean;
  output?: string;
  yes?: boolean;
}

/** @returns the exit code where it is not 0 */
export async function runTargetCommand(
  run: TargetCommand["run"],
  values: CommandValues,
  io: CliIo,
): Promise<number | undefined> {
  const given = values as unknown as TargetValues;
  if (given.json && given.output) throw new UsageError("--json and --output exclude each other.");
  const outcome = await run(await targetCall(given, io), values);
  if (outcome) printOutcome(outcome, given, io);
  return outcome?.exitCode;
}

async function targetCall({ target, config: pairs, configFile, json, yes }: TargetValues, io: CliIo) {
  const typed = typedConfig(pairs);
  const file = configFile === undefined ? {} : await configOfFile(configFile);
  // whether to wait is asked of a call, not of a client
  const config: Record<string, unknown> = "sync" in file ? { sync: file["sync"], ...typed } : typed;
  const options = { config, signal: io.signal };
  let client: BaseDeploymentClient | undefined;
  const call: TargetCall = {
    get client() {
      return (client ??= getDeployClient(target, { config: file }));
    },
    target,
    options,
    allConfig: mergedConfig(file, typed),
    io,
    canAsk: !yes && !json && Object.values(io.isTerminal).every(Boolean),
    long: async (work) => {
      const { startProgress } = await import("./progress/start-progress.js");
      const progress = startProgress(io, json === true);
      const sayStopping = () => progress.note("Stopping. Ctrl-C again exits at once.");
      io.signal.addEventListener("abort", sayStopping, { once: true });
      let finished = false;
      try {
        let result = await work({ ...options, onProgress: progress.onEvent });
        if (isOperation(result)) {
          progress.background(result.name);
          result = (await result.wait({ signal: io.signal })) as typeof result;
        }
        finished = true;
        return result;
      } finally {
        io.signal.removeEventListener("abort", sayStopping);
        progress.stop(finished);
      }
    },
  };
  return call;
}

/** `config.sync: false` makes a method give an operation in place of its result. */
function isOperation(result: unknown): result is Operation<unknown> {
  return typeof result === "object" && result !== null && "wait" in result && typeof result.wait === "function";
}
