import { findPython, inspectPython, minorOf, type PythonInterpreter } from "../../runtime/python.js";
import { stepFailure } from "./build-failure.js";

/** Docker's official Python images, from Docker Hub or Google's mirror of it. */
const pythonImage =
  /^(?:(?:docker\.io|mirror\.gcr\.io)\/)?(?:library\/)?python:(3\.\d+)(?:\.\d+)?(?:-[a-z0-9.-]+)?(?:@sha256:[0-9a-f]{64})?$/;

/**
 * The interpreter that stands for a base image: the one given to the emulator if its minor version is the image's, else
 * one of that version on this machine.
 *
 * @throws BuildFailure when the image is no `python:X.Y`, or there is no such Python here.
 */
export async function baseInterpreter(
  image: string,
  given: string | undefined,
  onLine: (line: string) => void,
): Promise<PythonInterpreter> {
  const version = pythonImage.exec(image)?.[1];
  if (version === undefined) {
    throw stepFailure(`pull access denied for ${image}: the emulator's base images are python:X.Y and python:X.Y-slim`);
  }
  const found = given === undefined ? undefined : await inspectPython(given);
  if (found && minorOf(found.version) === version) return found;
  try {
    return await findPython({ version });
  } catch (error) {
    if (found) onLine(`The emulator was given Python ${found.version}, and ${image} is another version.`);
    throw stepFailure(
      `${image} needs a Python of this machine: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
