import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ensureEnvironment, missingRequirements } from "../../src/runtime/environment.js";
import { findPython } from "../../src/runtime/python.js";
import type { PythonInterpreter } from "../../src/runtime/python.js";

let directory: string;
let python: PythonInterpreter;
let environment: PythonInterpreter;
let localPackage: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "runtime-environment-"));
  vi.stubEnv("MLFLOW_DEPLOYMENTS_CACHE", directory);
  python = await findPython();
  localPackage = await writeWheel(
    "acme-tools",
    "1.2",
    "Provides-Extra: fast\nRequires-Dist: acme-turbo>=2; extra == 'fast'\n",
  );
  environment = await ensureEnvironment({ python, requirements: localPackage });
}, 120_000);

afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true, force: true });
});

/** Makes a wheel, which pip can install without an index or a build, and returns its requirement. */
async function writeWheel(name: string, version: string, metadata: string): Promise<string> {
  const stem = `${name.replaceAll("-", "_")}-${version}`;
  const folder = join(directory, "wheels");
  await mkdir(folder, { recursive: true });
  const wheel = join(folder, `${stem}-py3-none-any.whl`);
  const program = `
import sys, zipfile
stem, wheel, metadata = sys.argv[1:]
with zipfile.ZipFile(wheel, "w") as archive:
    archive.writestr(f"{stem}.dist-info/METADATA", metadata)
    archive.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    archive.writestr(f"{stem}.dist-info/RECORD", f"{stem}.dist-info/METADATA,,\\n{stem}.dist-info/WHEEL,,\\n{stem}.dist-info/RECORD,,\\n")
`;
  const { run } = await import("../../src/runtime/process.js");
  const header = `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n${metadata}`;
  const { code, lines } = await run({
    command: python.path,
    args: ["-c", program, stem, wheel, header],
  });
  if (code !== 0) throw new Error(lines.join("\n"));
  return `${name} @ ${pathToFileURL(wheel).href}`;
}

describe("ensureEnvironment", () => {
  it("installs wheels that are named by their paths, and knows them by their bytes", async () => {
    await writeWheel("acme-parts", "2.0", "Summary: first\n");
    const requirements = "./wheels/acme_parts-2.0-py3-none-any.whl";
    const first = await ensureEnvironment({ python, requirements, files: directory });
    expect(await missingRequirements(first, "acme-parts==2.0")).toEqual([]);
    expect((await ensureEnvironment({ python, requirements, files: directory })).path).toBe(first.path);
    await writeWheel("acme-parts", "2.0", "Summary: second\n");
    expect((await ensureEnvironment({ python, requirements, files: directory })).path).not.toBe(first.path);
  }, 120_000);

  it("installs the requirements into an environment of its own", async () => {
    expect(environment.version).toBe(python.version);
    expect(environment.path).not.toBe(python.path);
    expect(await missingRequirements(environment, "acme-tools==1.2")).toEqual([]);
  });

  it("leaves nothing beside it: neither a lock nor the home directory that pip had", async () => {
    const [key = ""] = await readdir(join(directory, "environments"));
    const made = await readdir(join(directory, "environments", key));
    expect(made.toSorted()).toEqual(["complete.json", expect.stringMatching(/^environment-[0-9a-f]{8}$/)]);
  });

  it("returns the environment it made before, whatever the comments and order of the requirements", async () => {
    const lines: string[] = [];
    const again = await ensureEnvironment({
      python,
      requirements: `# the same\n\n${localPackage}\n`,
      onLine: (line) => lines.push(line),
    });
    expect(again).toEqual(environment);
    expect(lines).toEqual([]);
  });

  it("makes an environment once for all that ask for it at the same time", async () => {
    const other = await writeWheel("acme-other", "0.1", "");
    const made = await Promise.all([1, 2, 3].map(async () => ensureEnvironment({ python, requirements: other })));
    expect(new Set(made.map(({ path }) => path)).size).toBe(1);
  }, 60_000);

  it("takes over the lock of a process that is gone", async () => {
    const requirements = await writeWheel("acme-third", "0.1", "");
    const cacheDir = join(directory, "elsewhere");
    await ensureEnvironment({ python, requirements, cacheDir });
    const [key = ""] = await readdir(join(cacheDir, "environments"));
    const home = join(cacheDir, "environments", key);
    await rm(join(home, "complete.json"));
    await mkdir(join(home, "lock"));
    const { hostname } = await import("node:os");
    await writeFile(join(home, "lock", "owner.json"), JSON.stringify({ pid: 2 ** 22 + 1, host: hostname() }));
    await expect(ensureEnvironment({ python, requirements, cacheDir })).resolves.toMatchObject({
      version: python.version,
    });
  }, 60_000);

  it("shows the end of pip's output when the installation fails, and leaves nothing", async () => {
    vi.stubEnv("PIP_RETRIES", "0");
    const cacheDir = join(directory, "failing");
    const failing = ensureEnvironment({
      python,
      requirements: "--no-index\n--find-links https://user:pass@127.0.0.1:1/\nno-such-package-of-acme==9",
      cacheDir,
    });
    await expect(failing).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(/No matching distribution found for no-such-package-of-acme==9/),
    });
    await expect(failing).rejects.not.toThrow("user:pass");
    const [key = ""] = await readdir(join(cacheDir, "environments"));
    expect(await readdir(join(cacheDir, "environments", key))).toEqual([]);
  }, 60_000);
});

describe("missingRequirements", () => {
  it.each([
    ["a version that is satisfied", "acme-tools>=1,<2", []],
    ["a version that is not", "acme-tools>=2", ["acme-tools>=2"]],
    ["a name in other spelling", "Acme_Tools==1.2", []],
    ["a package that is absent", "absent-package", ["absent-package"]],
    ["a marker that does not hold here", "absent-package; python_version < '3'", []],
    ["an extra whose package is absent", "acme-tools[fast]", ["acme-tools[fast]"]],
    [
      "options, comments and continued lines",
      "--extra-index-url https://x.example\n# no\nacme-tools \\\n  >=1 # yes",
      [],
    ],
    ["a line that is no requirement", "-e ./somewhere", ["-e ./somewhere"]],
    [
      "a direct URL other than the installed one",
      "acme-tools @ https://x.example/a.whl",
      ["acme-tools @ https://x.example/a.whl"],
    ],
  ])("judges %s", async (_, requirements, missing) => {
    expect(await missingRequirements(environment, requirements)).toEqual(missing);
  });

  it("finds a package that was installed from the same direct URL", async () => {
    expect(await missingRequirements(environment, localPackage)).toEqual([]);
  });
});
