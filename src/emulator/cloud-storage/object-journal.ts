import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { basename, dirname } from "node:path";

import { DeploymentError } from "../../core/errors.js";
import type { ObjectResource } from "./object-store.js";

/** An object on disk. */
export interface DiskObject extends ObjectResource {
  /** Where its content begins in the bucket's journal. Absent when it has a file of its own. */
  at?: number;
}

/** What a line of the journal says: an object as it is from then on, or that there is none of that name any more. */
type Entry =
  | {
      object: DiskObject;
      /** So many bytes of content come after the line; `at` is where. */
      bytes?: number;
    }
  | { deleted: string };

const windowBytes = 64 * 1024;
const lineEnd = 0x0a;

/**
 * What happened to the objects of a bucket, in a file that only grows: a line of JSON for each change, and after it the
 * content of a small object. So a small object costs one write, where files of its own cost ten times as much to make.
 *
 * Each change is one write, which is whole when the emulator is killed after it; what is not whole at the end is dropped. A line
 * that is whole and no entry is damage, and what comes after it may be all that there is: nothing is dropped then.
 */
export class ObjectJournal {
  readonly #path: string;
  #file: number;
  #size: number;

  /** Opens the journal at `path`, made if it is missing. */
  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.#path = path;
    this.#file = openSync(path, "a+");
    this.#size = fstatSync(this.#file).size;
  }

  /** Bytes. */
  get size(): number {
    return this.#size;
  }

  /** Everything that is written, from the beginning. @throws DeploymentError `FAILED_PRECONDITION` when the file is damaged. */
  *entries(): Generator<Entry> {
    const lines = new LineReader(this.#file, this.#size);
    let position = 0;
    while (position < this.#size) {
      const line = lines.at(position);
      const entry = line && parseEntry(line);
      if (line && !entry) throw this.#damaged(position);
      const end = line && entry ? position + line.length + 1 + contentLength(entry) : Infinity;
      if (!entry || end > this.#size) {
        this.#truncate(position);
        return;
      }
      if ("object" in entry && entry.bytes !== undefined) entry.object.at = end - entry.bytes;
      yield entry;
      position = end;
    }
  }

  /** Writes an object down, with its content if that is to be here. Gives the object with the place of its content. */
  put(object: DiskObject, content?: Buffer): DiskObject {
    if (content === undefined) {
      this.#append([toLine({ object })]);
      return object;
    }
    const { at: _at, ...rest } = object;
    const line = toLine({ object: rest, bytes: content.length });
    const at = this.#size + line.length;
    this.#append([line, content]);
    return { ...rest, at };
  }

  delete(name: string): void {
    this.#append([toLine({ deleted: name })]);
  }

  /** The content of an object that is kept here, or part of it: from `start` up to but not including `end`. */
  read(object: DiskObject, start = 0, end = Number(object.size)): Buffer {
    const content = Buffer.allocUnsafe(end - start);
    const read = readSync(this.#file, content, 0, content.length, (object.at ?? 0) + start);
    if (read !== content.length) throw new Error(`The content of ${object.id} is not whole in ${this.#path}.`);
    return content;
  }

  /** Leaves out what is past. Gives the objects with the places that their content has now. */
  rewrite(objects: Iterable<DiskObject>): DiskObject[] {
    const path = `${this.#path}.new`;
    rmSync(path, { force: true });
    const next = new ObjectJournal(path);
    const moved: DiskObject[] = [];
    try {
      for (const object of objects) {
        moved.push(next.put(object, object.at === undefined ? undefined : this.read(object)));
      }
      renameSync(path, this.#path);
    } catch (error) {
      next.close();
      rmSync(path, { force: true });
      throw error;
    }
    closeSync(this.#file);
    this.#file = next.#file;
    this.#size = next.#size;
    return moved;
  }

  close(): void {
    closeSync(this.#file);
  }

  #append(parts: Buffer[]): void {
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    try {
      for (let written = 0; written < bytes.length;) written += writeSync(this.#file, bytes, written);
    } catch (error) {
      this.#truncate(this.#size);
      throw error;
    }
    this.#size += bytes.length;
  }

  #damaged(position: number): DeploymentError {
    const directory = dirname(this.#path);
    return new DeploymentError(
      "FAILED_PRECONDITION",
      `The journal of the bucket ${basename(directory)} is damaged at byte ${position}: ${this.#path}. ` +
        `Put a copy of the data directory back, or remove ${directory} to go on without the bucket's objects.`,
    );
  }

  #truncate(size: number): void {
    ftruncateSync(this.#file, size);
    this.#size = size;
  }
}

function toLine(entry: Entry): Buffer {
  return Buffer.from(`${JSON.stringify(entry)}\n`);
}

function contentLength(entry: Entry): number {
  return "object" in entry ? (entry.bytes ?? 0) : 0;
}

function parseEntry(line: Buffer): Entry | undefined {
  try {
    const entry = JSON.parse(line.toString("utf8")) as Entry | null;
    return entry && ("object" in entry || "deleted" in entry) ? entry : undefined;
  } catch {
    return undefined;
  }
}

/** Lines of a file at any place, read a window at a time. */
class LineReader {
  readonly #file: number;
  readonly #size: number;
  #window: Buffer = Buffer.alloc(0);
  /** Where the window begins in the file. */
  #start = 0;

  constructor(file: number, size: number) {
    this.#file = file;
    this.#size = size;
  }

  /** The line that begins at `position`, without its end; undefined when it has none. */
  at(position: number): Buffer | undefined {
    for (let length = windowBytes; ; length *= 2) {
      const from = position - this.#start;
      const end = from < this.#window.length ? this.#window.indexOf(lineEnd, from) : -1;
      if (end !== -1) return this.#window.subarray(from, end);
      if (this.#start === position && position + this.#window.length >= this.#size) return undefined;
      const window = Buffer.allocUnsafe(Math.min(length, this.#size - position));
      this.#window = window.subarray(0, readSync(this.#file, window, 0, window.length, position));
      this.#start = position;
      if (this.#window.length === 0) return undefined;
    }
  }
}
