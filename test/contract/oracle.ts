import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { contractPython } from "../support/python.js";

const script = fileURLToPath(new URL("check_requests.py", import.meta.url));

/** What check_requests.py says of recordings. */
export interface Report {
  /** How many requests it looked at. */
  checked: number;
  /** How many it left out, because no API of Google's gets them. */
  outside: number;
  /** How many requests each of Google's methods got, by its id in the discovery documents. */
  byMethod: Record<string, number>;
  violations: Violation[];
}

/** Something that Google's contract does not allow. */
interface Violation {
  file: string;
  /** From 1. */
  line: number;
  method: string;
  path: string;
  problem: string;
}

/** Checks recordings against Google's discovery documents and protos. */
export async function checkRecordings(files: readonly string[]): Promise<Report> {
  // -B: no byte code in the source tree
  const { stdout } = await promisify(execFile)(contractPython(), ["-B", script, ...files], { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout) as Report;
}
