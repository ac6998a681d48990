/** The exit codes of the program: MLflow's own, and the shells' for what was interrupted. */
export const exitCode = {
  success: 0,
  failure: 1,
  /** The command was not understood. */
  usage: 2,
  /** Ctrl-C, or the system, ended it. */
  interrupted: 130,
} as const;
