import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";

import { DeploymentError } from "../../core/errors.js";
import type { InputForm } from "../../core/input-rows.js";
import type { CliIo } from "../command.js";
import { UsageError } from "../usage-error.js";
import { type ModelInput, parseJsonInput } from "./json-input.js";

/** Where the rows of a prediction are, and in which form. */
export interface InputOptions {
  /** A file, or `-` for standard input. */
  inputPath: string;
  /** Default: `csv` for a file of that extension, else `json`. */
  contentType?: "json" | "csv";
  jsonFormat?: InputForm;
}

/**
 * Reads the rows that a model is asked for. CSV stays text: the target may know the types of its columns.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for what cannot be read; UsageError for options that exclude each other
 */
export async function readInput(options: InputOptions, io: Pick<CliIo, "stdin">): Promise<ModelInput> {
  const { inputPath, contentType = /\.csv$/i.test(inputPath) ? "csv" : "json", jsonFormat } = options;
  if (contentType === "csv" && jsonFormat) throw new UsageError("--json-format is for JSON, and the input is CSV.");
  const content = await read(inputPath, io);
  return contentType === "csv" ? { inputs: { csv: content } } : parseJsonInput(content, jsonFormat);
}

async function read(path: string, io: Pick<CliIo, "stdin">): Promise<string> {
  try {
    return path === "-" ? await text(io.stdin) : await readFile(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DeploymentError("INVALID_PARAMETER_VALUE", `The input ${path} cannot be read: ${reason}`, {
      cause: error,
    });
  }
}
