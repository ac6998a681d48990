import { open, writeFile } from "node:fs/promises";

import { DeploymentError } from "../../core/errors.js";
import { writeExactJson } from "../../core/exact-json.js";
import type { CliIo } from "../command.js";

/** Writes a result to the file of `-O`. */
export async function writeResult(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** Writes each part of a streamed answer as a line of JSON, as soon as it is there: to the file of `-O`, or standard output. */
export async function writeParts(parts: AsyncIterable<unknown>, path: string | undefined, io: CliIo): Promise<void> {
  if (path === undefined) {
    for await (const part of parts) io.out(writeExactJson(part));
    return;
  }
  const file = await open(path, "w").catch((error: unknown) => {
    throw cannotWrite(path, error);
  });
  try {
    for await (const part of parts) await file.write(`${writeExactJson(part)}\n`);
  } finally {
    await file.close();
  }
}

function cannotWrite(path: string, error: unknown): DeploymentError {
  const reason = error instanceof Error ? error.message : String(error);
  return new DeploymentError("INVALID_PARAMETER_VALUE", `The result cannot be written to ${path}: ${reason}`, {
    cause: error,
  });
}
