import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { findPython, inspectPython } from "../../src/runtime/python.js";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "runtime-python-"));
});
afterEach(() => vi.unstubAllEnvs());
afterAll(async () => rm(directory, { recursive: true, force: true }));

/** A program that answers as an interpreter of that version does. */
async function fakePython(version: string): Promise<string> {
  const path = join(directory, `python-${version}`);
  await writeFile(path, `#!/bin/sh\necho ${path}\necho ${version}\n`);
  await chmod(path, 0o755);
  return path;
}

describe("inspectPython", () => {
  it("tells the path and version of an interpreter", async () => {
    const { path, version } = await inspectPython("python3");
    expect(isAbsolute(path)).toBe(true);
    expect(version).toMatch(/^3\.\d+\.\d+$/);
  });

  it("refuses a program that is no Python", async () => {
    await expect(inspectPython(process.execPath)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: `${process.execPath} is not a working Python 3 interpreter.`,
    });
  });
});

describe("findPython", () => {
  it("takes the interpreter that MLFLOW_DEPLOYMENTS_PYTHON names before any other", async () => {
    const path = await fakePython("3.99.1");
    vi.stubEnv("MLFLOW_DEPLOYMENTS_PYTHON", path);
    expect(await findPython()).toEqual({ path, version: "3.99.1" });
  });

  it("takes the first candidate of the wanted version", async () => {
    const candidates = [await fakePython("3.10.9"), await fakePython("3.12.1"), await fakePython("3.12.2")];
    expect(await findPython({ version: "3.12", candidates })).toEqual({
      path: candidates[1],
      version: "3.12.1",
    });
  });

  it("passes over interpreters that are too old", async () => {
    const candidates = [await fakePython("3.9.20"), await fakePython("3.10.0")];
    expect(await findPython({ candidates })).toEqual({ path: candidates[1], version: "3.10.0" });
  });

  it("says what was found and what to install when none fits", async () => {
    const old = await fakePython("3.9.20");
    await expect(findPython({ candidates: [old, "no-such-python"] })).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message:
        `Python 3.10 or newer was not found. Found only 3.9.20 (${old}). Install it (Debian, Ubuntu: apt install python3 ` +
        "python3-venv; macOS: brew install python), or set MLFLOW_DEPLOYMENTS_PYTHON to its path.",
    });
  });
});
