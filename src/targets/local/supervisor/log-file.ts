import { closeSync, fstatSync, openSync, renameSync, writeSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** Bytes of a file before the next one is begun. The one before is kept. */
const largestFile = 5 * 1024 * 1024;

const fileName = "server.log";
const formerName = `${fileName}.1`;

/** What a deployment's processes write, in two files of bounded size. */
export class LogFile {
  readonly #directory: string;
  #file: number;
  #size: number;

  constructor(directory: string) {
    this.#directory = directory;
    [this.#file, this.#size] = open(directory);
  }

  /** Adds a line. Whatever the disk says, the deployment goes on. */
  write(line: string): void {
    try {
      this.#size += writeSync(this.#file, `${line}\n`);
      if (this.#size > largestFile) this.#rotate();
    } catch {
      // a full disk must not end the model's answers
    }
  }

  #rotate(): void {
    closeSync(this.#file);
    renameSync(join(this.#directory, fileName), join(this.#directory, formerName));
    [this.#file, this.#size] = open(this.#directory);
  }
}

/** The last `count` lines of the log in `directory`, oldest first. */
export async function lastLines(directory: string, count: number): Promise<string[]> {
  let lines: string[] = [];
  for (const name of [fileName, formerName]) {
    if (lines.length >= count) break;
    const text = await readFile(join(directory, name), "utf8").catch(() => "");
    lines = [...text.split("\n").slice(0, -1), ...lines];
  }
  return count <= 0 ? [] : lines.slice(-count);
}

function open(directory: string): [file: number, size: number] {
  const file = openSync(join(directory, fileName), "a", 0o600);
  return [file, fstatSync(file).size];
}
