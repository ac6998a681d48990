import { posix, join } from "node:path";

import type { PythonInterpreter } from "../../runtime/python.js";
import type { Requirements } from "./requirement-files.js";

/** An image while its Dockerfile is being followed. Its paths are those inside the image. */
export interface ImageDraft {
  /** The directory on this machine that stands for `/` in the image. */
  root: string;
  python: PythonInterpreter;
  /** The requirements that `python`'s environment was checked or made for. */
  requirements: Requirements;
  /** Directories of installed packages. */
  pythonPath: string[];
  workdir: string;
  env: Record<string, string>;
  /** Values of `ARG`, which the finished image no longer has. */
  args: Record<string, string>;
  entrypoint: string[];
  command: string[];
}

/** What one build works with. */
export interface BuildContext {
  /** The directory that COPY takes from. */
  directory: string;
  /** Values for `ARG`. */
  buildArgs: Readonly<Record<string, string>>;
  /** The interpreter that the emulator was given, if any. */
  givenPython: string | undefined;
  /** The home directory of the programs that are run, of this build alone. */
  home: string;
  /** Where environments are kept between builds. */
  cacheDir: string | undefined;
  onLine: (line: string) => void;
  signal: AbortSignal;
}

/** A path inside the image, from its WORKDIR. Always absolute, and without `..`. */
export function imagePath(draft: Pick<ImageDraft, "workdir">, path: string): string {
  return posix.resolve("/", draft.workdir, path);
}

/** Where a path inside the image is on this machine. */
export function hostPath(draft: Pick<ImageDraft, "root" | "workdir">, path: string): string {
  return join(draft.root, imagePath(draft, path));
}
