import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";

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
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for what cannot be read, or is not in UTF-8; UsageError for options that exclude each other
 */
export async function readInput(options: InputOptions, io: Pick<CliIo, "stdin">): Promise<ModelInput> {
  const { inputPath, contentType = /\.csv$/i.test(inputPath) ? "csv" : "json", jsonFormat } = options;
  if (contentType === "csv" && jsonFormat) throw new UsageError("--json-format is for JSON, and the input is CSV.");
  const content = decoded(await read(inputPath, io), inputPath);
  return contentType === "csv" ? { inputs: { csv: content } } : parseJsonInput(content, jsonFormat);
}

async function read(path: string, io: Pick<CliIo, "stdin">): Promise<Buffer> {
  try {
    return path === "-" ? await buffer(io.stdin) : await readFile(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DeploymentError("INVALID_PARAMETER_VALUE", `The input ${path} cannot be read: ${reason}`, {
      cause: error,
    });
  }
}

/** Letters that are not UTF-8 would go to the model as question marks. */
function decoded(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    const isUtf16 = /^(?:fffe|feff)/.test(bytes.toString("hex", 0, 2));
    const name = path === "-" ? "on standard input" : path;
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `The input ${name} is ${isUtf16 ? "in UTF-16" : "not in UTF-8"}: save it as UTF-8.`,
      { cause: error },
    );
  }
}
