import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SdistBundleBuilder } from "../../src/bundle/bundle-builder.js";
import type { Bundle, BundleRequest } from "../../src/core/bundle.js";
import type { ProgressEvent } from "../../src/core/progress.js";
import { resolvedModel } from "../support/resolved-model.js";

let directory: string;
let events: ProgressEvent[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "bundle-"));
  events = [];
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function build(request: Partial<BundleRequest> = {}, signal?: AbortSignal): Promise<Bundle> {
  const model = resolvedModel("mlflow==3.17.2\nscikit-learn==1.5.0\n");
  const nothing = {
    versionName: null,
    predictionScript: null,
    preprocessor: null,
    setupFile: null,
    baseImage: null,
    modelArtifactUri: null,
  };
  return new SdistBundleBuilder().build(
    { model, ...nothing, directory, ...request },
    { report: (event) => events.push(event), signal },
  );
}

/** The regular files of a ustar archive whose names are short. */
async function unpack(bundle: Bundle): Promise<Map<string, string>> {
  const tar = gunzipSync(await readFile(bundle.localPath));
  const files = new Map<string, string>();
  for (let at = 0; tar[at];) {
    const text = (offset: number, length: number) =>
      tar.toString("latin1", at + offset, at + offset + length).replace(/[\0 ].*$/s, "");
    const size = Number.parseInt(text(124, 12), 8);
    expect([text(100, 8), text(108, 8), text(116, 8), text(265, 32), text(297, 32)]).toEqual([
      "000644",
      "000000",
      "000000",
      "",
      "",
    ]);
    files.set(text(0, 100), tar.toString("utf8", at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

async function file(bundle: Bundle, path: string): Promise<string | undefined> {
  return (await unpack(bundle)).get(`${bundle.directory}/${path}`);
}

async function userFile(name: string, text: string | Buffer): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

describe("a bundle", () => {
  it("holds the predictor that the serving runtime knows by its checksum, unless something of it is the user's", async () => {
    const bundle = await build();
    const [, known] = /_SHA256 = "(\w+)"/.exec((await file(bundle, "serving_runtime/stock_predictor.py")) ?? "") ?? [];
    const checksum = async (built: Bundle) =>
      createHash("sha256")
        .update((await file(built, "predictor.py")) ?? "")
        .digest("hex");
    expect(known).toBe(await checksum(bundle));
    const preprocessor = join(directory, "own.py");
    await writeFile(preprocessor, "class Preprocessor:\n    pass\n");
    expect(known).not.toBe(await checksum(await build({ preprocessor })));
  });

  it("holds one folder with code, requirements and Dockerfile, sorted, and nothing of the model", async () => {
    const bundle = await build({ versionName: "v_1" });
    expect(bundle).toMatchObject({
      fileName: "deploy_from_script-1.tar.gz",
      version: "1",
      directory: "deploy_from_script-1",
    });
    const names = [...(await unpack(bundle)).keys()];
    expect(names).toEqual(names.toSorted());
    expect(names.filter((name) => !name.includes("serving_runtime"))).toEqual(
      [
        "Dockerfile",
        "PKG-INFO",
        "predictor.py",
        "pyproject.toml",
        "requirements.txt",
        "runtime-requirements.txt",
        "setup.py",
      ].map((name) => `deploy_from_script-1/${name}`),
    );
    expect(names).toContain("deploy_from_script-1/serving_runtime/__main__.py");
    expect(await file(bundle, "requirements.txt")).toBe("mlflow==3.17.2\nscikit-learn==1.5.0\n");
  });

  it("says size and checksum of the file that it wrote", async () => {
    const bundle = await build();
    const bytes = await readFile(bundle.localPath);
    expect(bundle.size).toBe(bytes.length);
    // independent of the library: the polynomial of RFC 3720, bit by bit
    let checksum = 0xffffffff;
    for (const byte of bytes) {
      checksum ^= byte;
      for (let bit = 0; bit < 8; bit++) checksum = (checksum >>> 1) ^ (checksum & 1 ? 0x82f63b78 : 0);
    }
    checksum = ~checksum >>> 0;
    const expected = Buffer.from(
      [checksum >>> 24, checksum >>> 16, checksum >>> 8, checksum].map((byte) => byte & 0xff),
    );
    expect(bundle.crc32c).toBe(expected.toString("base64"));
  });

  it("is the same, byte for byte, whatever clock, time zone, umask and directory", async () => {
    const hash = async (bundle: Bundle) =>
      createHash("sha256")
        .update(await readFile(bundle.localPath))
        .digest("hex");
    const first = await hash(await build({ versionName: "1" }));
    const before = { umask: process.umask(0o077), zone: process.env["TZ"], cwd: process.cwd() };
    try {
      process.env["TZ"] = "Pacific/Kiritimati";
      process.chdir(directory);
      const second = await build({ versionName: "1", directory: join(directory, "another", "place") });
      expect(await hash(second)).toBe(first);
    } finally {
      process.umask(before.umask);
      process.chdir(before.cwd);
      if (before.zone === undefined) delete process.env["TZ"];
      else process.env["TZ"] = before.zone;
    }
  });

  it("begins with a gzip header that names neither time nor system", async () => {
    const bytes = await readFile((await build()).localPath);
    expect([...bytes.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
  });

  it("is not made when the call is cancelled", async () => {
    await expect(build({}, AbortSignal.abort())).rejects.toMatchObject({ code: "CANCELLED" });
  });
});

describe("the environment's hash", () => {
  const base = "mlflow==3.17.2\nscikit-learn==1.5.0";
  const hashOf = async (request: Partial<BundleRequest>) => (await build(request)).environmentHash;

  it("is the same for a retrained model, another version name, and other comments or line ends", async () => {
    const hash = await hashOf({});
    const retrained = [{ path: "model.pkl", size: 1, sha256: "00", crc32c: "AAAAAA==", localPath: "/nowhere" }];
    expect(
      await hashOf({ model: resolvedModel(base, { runId: "2", modelId: "m-2", pythonVersion: "3.11.9" }, retrained) }),
    ).toBe(hash);
    expect(await hashOf({ versionName: "v_2" })).toBe(hash);
    expect(await hashOf({ model: resolvedModel(`# again\r\n${base.replace("\n", "\r\n")}`) })).toBe(hash);
  });

  it("is another for another Python, base image, requirement, predictor or setup file", async () => {
    const predictionScript = await userFile("mine.py", "class Predictor: ...");
    const setupFile = await userFile("my_setup.py", "from setuptools import setup");
    const hashes = await Promise.all([
      hashOf({}),
      hashOf({ model: resolvedModel(base, { pythonVersion: "3.12.1" }) }),
      hashOf({ model: resolvedModel(base, { pythonVersion: "3.12.1" }), baseImage: "python:3.11-slim" }),
      hashOf({ baseImage: "python:3.11" }),
      hashOf({ model: resolvedModel("mlflow==3.17.2\nscikit-learn==1.5.1") }),
      hashOf({ predictionScript }),
      hashOf({ setupFile }),
    ]);
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it("is the version of a bundle without a name", async () => {
    const bundle = await build();
    expect(bundle.environmentHash).toMatch(/^[0-9a-f]{64}$/);
    expect(bundle.version).toBe(`0+${bundle.environmentHash.slice(0, 12)}`);
  });
});

describe("the Dockerfile", () => {
  it("starts from the model's Python, or the image of the settings", async () => {
    expect(await file(await build(), "Dockerfile")).toContain("\nFROM python:3.11-slim\n");
    const chosen = "europe-docker.pkg.dev/acme/images/base_1:v1.0@sha256:" + "0".repeat(64);
    expect(await file(await build({ baseImage: chosen }), "Dockerfile")).toContain(`\nFROM ${chosen}\n`);
  });

  it("starts from an image with git and compilers for a model that needs them", async () => {
    const model = resolvedModel("mlflow==3.17.2\nacme @ git+https://example.org/acme\n");
    expect(await file(await build({ model }), "Dockerfile")).toContain("\nFROM python:3.11\n");
  });

  it("has a newer MLflow than one that the serving runtime does not work with, with a warning", async () => {
    const bundle = await build({ model: resolvedModel("mlflow==1.30.0\n", { mlflowVersion: "1.30.0" }) });
    expect(await file(bundle, "requirements.txt")).toBe("mlflow>=2.19,<3\n");
    expect(events).toMatchObject([{ type: "warning", message: expect.stringContaining("mlflow==1.30.0") as string }]);
  });

  it("has Python 3.11 for a model that doesn't say, with a warning", async () => {
    const bundle = await build({ model: resolvedModel("", { pythonVersion: null }) });
    expect(await file(bundle, "Dockerfile")).toMatch(/does not say which Python[^]*FROM python:3\.11-slim\n/);
    expect(events).toMatchObject([{ type: "warning" }]);
  });

  it.each([
    "python:3.11\nRUN evil",
    "python 3.11",
    "${X}",
    "Python",
    "-x",
    "python:",
    "a//b",
    "https://example.org/a",
    "a".repeat(500),
    "",
  ])("is refused the base image %j", async (baseImage) => {
    await expect(build({ baseImage })).rejects.toMatchObject({ code: "INVALID_PARAMETER_VALUE" });
  });

  it.each(["2.7.18", "3.8.1", "3.1111", "3", 'x"\nRUN y'])(
    "is not made for Python %j, unless an image is chosen",
    async (pythonVersion) => {
      const model = resolvedModel("", { pythonVersion });
      await expect(build({ model })).rejects.toThrow(/the serving runtime needs 3\.9 or later/);
      await expect(build({ model, baseImage: "python:3.11-slim" })).resolves.toBeDefined();
    },
  );

  it("copies the constraints that the model's requirements name, and only then", async () => {
    const localPath = await userFile("constraints.txt", "numpy<3 # later ones break it\n");
    const constraints = [{ path: "constraints.txt", size: 1, sha256: "00", crc32c: "AAAAAA==", localPath }];
    const requirements = "mlflow==3.17.2\n-c constraints.txt\n";
    const bundle = await build({ model: resolvedModel(requirements, {}, constraints) });
    expect(await file(bundle, "constraints.txt")).toBe("numpy<3\n");
    expect(await file(bundle, "Dockerfile")).toContain(
      "COPY requirements.txt runtime-requirements.txt constraints.txt ./\n",
    );
    expect(await file(await build(), "Dockerfile")).toContain("COPY requirements.txt runtime-requirements.txt ./\n");
    await expect(build({ model: resolvedModel(requirements) })).rejects.toThrow(
      /constraints\.txt, which is not among the model's files/,
    );
  });
});

describe("a model's wheels", () => {
  const path = "wheels/acme-1.0-py3-none-any.whl";
  const requirements = `mlflow==3.17.2\n${path}\n`;
  /** A model with a wheel of these bytes. */
  const withWheel = async (bytes: Buffer, sha256 = createHash("sha256").update(bytes).digest("hex")) => {
    const localPath = await userFile("acme.whl", bytes);
    return resolvedModel(requirements, {}, [{ path, size: bytes.length, sha256, crc32c: "AAAAAA==", localPath }]);
  };

  it("are in the bundle, and a layer of the image before the packages are installed", async () => {
    // more than a block of gzip, and no multiple of tar's
    const bytes = Buffer.from(Array.from({ length: 200_001 }, (_, index) => 32 + (index % 90)));
    const bundle = await build({ model: await withWheel(bytes) });
    expect(await file(bundle, path)).toBe(bytes.toString());
    expect(await file(bundle, "requirements.txt")).toBe(`mlflow==3.17.2\n./${path}\n`);
    expect(await file(bundle, "PKG-INFO")).toContain("Requires-Dist: acme==1.0\n");
    expect(await file(bundle, "Dockerfile")).toMatch(/COPY requirements.txt .*\nCOPY wheels \.\/wheels\nRUN .*"-r"/);
    expect(await file(await build(), "Dockerfile")).not.toContain("wheels");
    expect(bundle.size).toBe((await readFile(bundle.localPath)).length);
  });

  it("do not make a zip file of the bundle for pip, which looks for the end of one", async () => {
    const end = "PK\u0005\u0006";
    const filling = "x".repeat(65_535 - 3);
    const bytes = [end, end, filling, end, `${filling}PK`, end, "K\u0005\u0006", end].join("");
    const bundle = await build({ model: await withWheel(Buffer.from(bytes)) });
    expect(await file(bundle, path)).toBe(bytes);
    expect((await readFile(bundle.localPath)).includes(end)).toBe(false);
  });

  it("are known by their bytes in the environment's hash", async () => {
    const hashOf = async (bytes: string) =>
      (await build({ model: await withWheel(Buffer.from(bytes)) })).environmentHash;
    expect(await hashOf("a")).toBe(await hashOf("a"));
    expect(await hashOf("a")).not.toBe(await hashOf("b"));
  });

  it("end the packing with an error when one has gone, or is shorter than it was", async () => {
    const model = await withWheel(Buffer.from("content"));
    await writeFile(join(directory, "acme.whl"), "cut");
    await expect(build({ model })).rejects.toMatchObject({ code: "INTERNAL_ERROR" });
    await rm(join(directory, "acme.whl"));
    await expect(build({ model })).rejects.toThrow(/Packing the bundle.*ENOENT/s);
  });
});

describe("a preprocessor", () => {
  const code = "class Preprocessor:\n    def preprocess(self, instances): ...\n";

  it("is in the bundle, the image and the package, and the predictor gets it", async () => {
    const bundle = await build({ preprocessor: await userFile("mine.py", code) });
    expect(await file(bundle, "preprocessor.py")).toBe(code);
    expect(await file(bundle, "Dockerfile")).toContain(
      "COPY pyproject.toml setup.py predictor.py preprocessor.py ./\n",
    );
    expect(await file(bundle, "setup.py")).toContain('py_modules=["predictor", "preprocessor"]');
    expect(await file(bundle, "predictor.py")).toContain("\nfrom preprocessor import Preprocessor\n");
    const without = await build();
    expect(await file(without, "preprocessor.py")).toBeUndefined();
    expect(await file(without, "setup.py")).toContain('py_modules=["predictor"],');
    expect(await file(without, "predictor.py")).not.toContain("import Preprocessor");
    expect(bundle.environmentHash).not.toBe(without.environmentHash);
  });

  it("makes another environment by another content", async () => {
    const first = await build({ preprocessor: await userFile("a.py", code) });
    expect((await build({ preprocessor: await userFile("b.py", code) })).environmentHash).toBe(first.environmentHash);
    const other = await build({ preprocessor: await userFile("a.py", `${code}# other`) });
    expect(other.environmentHash).not.toBe(first.environmentHash);
  });

  it("is refused without its class, or where nothing would use or install it", async () => {
    const preprocessor = await userFile("mine.py", code);
    const empty = await userFile("empty.py", "def preprocess(instances): ...");
    await expect(build({ preprocessor: empty })).rejects.toThrow(/empty\.py has no class Preprocessor\. The predictor/);
    await expect(build({ preprocessor: join(directory, "none.py") })).rejects.toThrow(
      /^preprocessor is .*none\.py, which cannot be used: there is no such file/,
    );
    const predictionScript = await userFile("predictor.py", "class Predictor: ... # no preprocessor imported");
    await expect(build({ preprocessor, predictionScript })).rejects.toThrow(/does not import the preprocessor/);
    const importing = await userFile("importing.py", "from preprocessor import Preprocessor\nclass Predictor: ...");
    await expect(build({ preprocessor, predictionScript: importing })).resolves.toBeDefined();
    const setupFile = await userFile("setup.py", "setup(py_modules=['predictor'])");
    await expect(build({ preprocessor, setupFile })).rejects.toThrow(/does not name the module preprocessor/);
  });
});

it("warns of a module of the model's code that the bundle's would hide from it", async () => {
  const paths = [
    "code/predictor.py",
    "code/preprocessor/__init__.py",
    "code/src/predictor.py",
    "predictor.py",
    "code/a.py",
  ];
  const files = paths.map((path) => ({ path, size: 1, sha256: "00", crc32c: "AAAAAA==", localPath: "/nowhere" }));
  const model = resolvedModel("mlflow==3.17.2\n", { flavors: { python_function: { code: "code" } } }, files);
  await build({ model });
  expect(events).toMatchObject([
    { type: "warning", message: expect.stringMatching(/has a module predictor, /) as string },
  ]);
  events = [];
  await build({ model, preprocessor: await userFile("mine.py", "class Preprocessor: ...") });
  expect(events.map((event) => event.type === "warning" && /a module (\w+)/.exec(event.message)?.[1])).toEqual([
    "predictor",
    "preprocessor",
  ]);
});

describe("a file of the user's", () => {
  it("takes the place of the predictor or of setup.py, with the version in it", async () => {
    const predictionScript = await userFile("mine.py", `class Predictor:\r\n    version = "MODEL_VERSION"\r\n`);
    const setupFile = await userFile(
      "setup.mustache",
      "setup(version={{modelVersion}}, install_requires=[{{#requirements}}{{.}},{{/requirements}}])",
    );
    const bundle = await build({ versionName: "v_7", predictionScript, setupFile });
    expect(await file(bundle, "predictor.py")).toBe(`class Predictor:\n    version = "7"\n`);
    expect(await file(bundle, "setup.py")).toContain(
      `setup(version="7", install_requires=["mlflow==3.17.2","scikit-learn==1.5.0",`,
    );
  });

  it("cannot have a version before there is one: the hash would depend on itself", async () => {
    const predictionScript = await userFile("mine.py", `class Predictor: version = "MODEL_VERSION"`);
    await expect(build({ predictionScript })).rejects.toThrow(/modelVersion has no value here; give versionName/);
  });

  it.each([
    ["missing.py", null, /there is no such file/],
    [".", null, /it is not a file/],
    ["latin1.py", Buffer.from("class Predictor: # \xe9", "latin1"), /it is not UTF-8 text/],
    ["empty.py", "", /has no class Predictor/],
  ])("is refused when it is %s", async (name, content, problem) => {
    const predictionScript = content === null ? join(directory, name) : await userFile(name, content);
    const failure = build({ predictionScript });
    await expect(failure).rejects.toThrow(problem);
    await expect(failure).rejects.toMatchObject({ code: "INVALID_PARAMETER_VALUE" });
  });
});

it("renders the model's URI into the predictor where the platform's predictor must know it, and not elsewhere", async () => {
  const legacy = await file(await build({ modelArtifactUri: `gs://b/"{{x}}\n` }), "predictor.py");
  expect(legacy).toContain(String.raw`MODEL_ARTIFACT_URI = "gs://b/\x22{{x}}\n"`);
  expect(await file(await build(), "predictor.py")).not.toContain("MODEL_ARTIFACT_URI");
});
