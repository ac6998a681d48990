import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SdistBundleBuilder } from "../../src/bundle/bundle-builder.js";
import { versionOfHash, versionOfName } from "../../src/bundle/sdist-version.js";
import type { Bundle, BundleRequest } from "../../src/core/bundle.js";
import { runScript } from "../fixtures/serving/python.js";
import { testPython } from "../support/python.js";
import { resolvedModel } from "../support/resolved-model.js";

const execute = promisify(execFile);
const requirements = 'mlflow==3.17.2\nscikit-learn[alldeps] >=1.4,<2\ntomli>=2; python_version < "3.11"\n';
const withWheels =
  'python_version < "3.16" and platform_python_implementation == "CPython" and platform_machine in "x86_64 aarch64 arm64 AMD64"';
const hostile = `"'"""\n\r\\\\x{{modelVersion}}{{{x}}}\u2028é💥\ud800\0\${HOME}#`;

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "bundle-pip-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function build(name: string, request: Partial<BundleRequest> = {}): Promise<Bundle> {
  const nothing = {
    versionName: null,
    predictionScript: null,
    preprocessor: null,
    setupFile: null,
    baseImage: null,
    modelArtifactUri: null,
  };
  return new SdistBundleBuilder().build(
    { model: resolvedModel(requirements), ...nothing, directory: join(root, name), ...request },
    { report: () => {} },
  );
}

/** Runs Python with `code`; gives what it prints as JSON. */
async function python(path: string, code: string, ...args: string[]): Promise<unknown> {
  const { stdout } = await execute(path, ["-I", "-c", code, ...args], { cwd: root });
  return JSON.parse(stdout);
}

/** A new environment without packages but pip. */
async function environment(name: string): Promise<string> {
  const directory = join(root, name);
  await execute(testPython(), ["-m", "venv", directory]);
  return join(directory, "bin", "python");
}

const metadata = `
import importlib.metadata, importlib.util, json, shutil, sys
found = importlib.metadata.distribution("deploy_from_script")
modules = [importlib.util.find_spec(name).origin for name in ("predictor", "serving_runtime", "serving_runtime.__main__")]
inside = [origin.startswith(sys.prefix) for origin in modules]
scripts = [file.name for file in found.files if file.parent.name == "bin"]
print(json.dumps([found.version, found.requires, inside, scripts]))
`;

describe("pip", () => {
  it("installs the sdist, and the folder that it unpacks into as the Dockerfile does", async () => {
    const bundle = await build("sdist", { versionName: "Summer sale 007" });
    const interpreter = await environment("venv");
    const expected = [
      "0+summer.sale.7",
      [
        "mlflow==3.17.2",
        "scikit-learn[alldeps]<2,>=1.4",
        'tomli>=2; python_version < "3.11"',
        "pydantic<3,>=2",
        "starlette<2,>=0.37",
        "uvicorn<1,>=0.23",
        "google-cloud-storage<4,>=2.10",
        `httptools<1; ${withWheels}`,
        `orjson<4; ${withWheels}`,
        `uvloop<1; ${withWheels} and sys_platform != "win32"`,
      ],
      [true, true, true],
      ["predictor.py"],
    ];
    await execute(interpreter, ["-m", "pip", "install", "--no-deps", bundle.localPath]);
    expect(await python(interpreter, metadata)).toEqual(expected);

    await execute(interpreter, ["-m", "pip", "uninstall", "--yes", "deploy_from_script"]);
    await execute(testPython(), ["-m", "tarfile", "-e", bundle.localPath, root]);
    await execute(interpreter, ["-m", "pip", "install", "--no-deps", "."], { cwd: join(root, bundle.directory) });
    expect(await python(interpreter, metadata)).toEqual(expected);
  });

  it("leaves the predictor as it was packed, whose models are called directly until somebody edits it", async () => {
    const bundle = await build("own");
    const target = join(root, "installed");
    await execute(testPython(), ["-m", "pip", "install", "--no-deps", "--target", target, bundle.localPath]);
    expect(await runScript("own_predictor.py", null, { args: [target] })).toEqual({ "as packed": true, edited: false });
  });

  it("installs a bundle of hostile values, whose Python files all compile and say what was given", async () => {
    const predictionScript = join(root, "hostile.py");
    await writeFile(predictionScript, `uri = "MODEL_ARTIFACT_URI"\nversion = {{modelVersion}}\nclass Predictor: ...\n`);
    const request = { versionName: hostile, modelArtifactUri: hostile };
    const ours = await build("ours", request);
    await mkdir(join(root, "unpacked"));
    await execute(testPython(), ["-m", "tarfile", "-e", ours.localPath, join(root, "unpacked")]);
    await execute(testPython(), ["-m", "compileall", "-q", join(root, "unpacked")]);

    const theirs = await build("theirs", { ...request, predictionScript });
    const interpreter = await environment("hostile");
    await execute(interpreter, ["-m", "pip", "install", "--no-deps", theirs.localPath]);
    const values = "import json, predictor; print(json.dumps([predictor.uri, predictor.version]))";
    expect(await python(interpreter, values)).toEqual([hostile, theirs.version]);
  });

  it("reads every version as legal and in its normal form, and finds it in the file's name", async () => {
    const names = [
      ..."1 v_1 V1.2 1.2.0 01.02 1.0-alpha 1.0.0-beta.2 1.0_rc.03 1.preview 1c 3d 1r 1.dev 1.0.post 2+x_Y-007 1e5".split(
        " ",
      ),
      ..."1!2 2024-01 2024-01-15 v - . + 0 00 1..2 1. latest 0+abc größe 日本 İ ١٢٣ a/../b".split(" "),
      ...["", " ", "\u2028", "\ud800", "9".repeat(300), "a.".repeat(300)].concat(hostile),
    ];
    const hashes = ["000000000000", "0123456789ab", "00000000000a", "123456789012"].map((start) =>
      start.padEnd(64, "f"),
    );
    const versions = [...names.map(versionOfName), ...hashes.map(versionOfHash)];
    const code = `
import json, sys
try:
    from pip._vendor.packaging.utils import parse_sdist_filename
    from pip._vendor.packaging.version import Version
except ImportError:
    from packaging.utils import parse_sdist_filename
    from packaging.version import Version
for version in json.loads(sys.argv[1]):
    assert str(Version(version)) == version, version
    name, found = parse_sdist_filename(f"deploy_from_script-{version}.tar.gz")
    assert (name, str(found)) == ("deploy-from-script", version), version
print("true")
`;
    expect(await python(testPython(), code, JSON.stringify(versions))).toBe(true);
  });
});
