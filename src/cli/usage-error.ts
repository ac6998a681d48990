/** The command was not understood: it ends with exit code 2, and the error says how to read its help. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The person said no, or nothing: nothing was done. */
export class DeclinedError extends Error {
  override readonly name = "DeclinedError";
}
