import type { Command } from "../command.js";
import { completionsCommand } from "./completions.js";
import { createCommand } from "./create.js";
import { deleteCommand } from "./delete.js";
import { doctorCommand } from "./doctor.js";
import { emulatorCommand } from "./emulator.js";
import { endpointCommands } from "./endpoints.js";
import { getCommand } from "./get.js";
import { helpCommand } from "./help.js";
import { listCommand } from "./list.js";
import { logsCommand } from "./logs.js";
import { planCommand } from "./plan.js";
import { explainCommand, predictCommand } from "./predict.js";
import { predictBatchCommand } from "./predict-batch.js";
import { pruneCommand } from "./prune.js";
import { runLocalCommand } from "./run-local.js";
import { typesCommand } from "./types.js";
import { updateCommand } from "./update.js";

/** All commands, in the order of the program's help. */
export const commands: readonly Command[] = [
  createCommand,
  updateCommand,
  deleteCommand,
  listCommand,
  getCommand,
  predictCommand,
  explainCommand,
  predictBatchCommand,
  planCommand,
  logsCommand,
  pruneCommand,
  ...endpointCommands,
  runLocalCommand,
  typesCommand,
  helpCommand,
  doctorCommand,
  emulatorCommand,
  completionsCommand,
];
