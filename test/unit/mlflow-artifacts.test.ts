import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { registerArtifactReader, registeredArtifactReaders } from "../../src/core/artifact-readers.js";
import { DeploymentError, type ErrorCode } from "../../src/core/errors.js";
import { Artifacts } from "../../src/mlflow/artifacts.js";

const context = { report: () => {} };
const ofRun = "gs://bucket/run";
const ofModel = "gs://bucket/model";

/** Lists one file in each directory that has no failure. */
function artifacts(failures: Record<string, ErrorCode>): Artifacts {
  const gs = {
    list: async (uri: string) => {
      const code = failures[uri];
      if (code !== undefined) throw new DeploymentError(code, `${uri} cannot be listed`);
      return [{ path: "MLmodel", size: 1 }];
    },
    open: async () => Readable.from([]),
  };
  return new Artifacts({ gs }, new Set());
}

describe("the files of a model in several directories", () => {
  const origins = async (failures: Record<string, ErrorCode>): Promise<string[]> =>
    (await artifacts(failures).list([ofRun, ofModel], context)).map(({ directoryUri }) => directoryUri);

  it("are those of the last one that has them, and of the others where it is not there", async () => {
    expect(await origins({})).toEqual([ofModel]);
    expect(await origins({ [ofModel]: "RESOURCE_DOES_NOT_EXIST" })).toEqual([ofRun]);
    expect(await origins({ [ofRun]: "RESOURCE_DOES_NOT_EXIST" })).toEqual([ofModel]);
  });

  it("are not taken from another one when one cannot be read", async () => {
    const codes = [
      "PERMISSION_DENIED",
      "UNAUTHENTICATED",
      "TEMPORARILY_UNAVAILABLE",
      "INVALID_PARAMETER_VALUE",
    ] as const;
    for (const code of codes) await expect(origins({ [ofModel]: code })).rejects.toMatchObject({ code });
  });

  it("are an error when none is there", async () => {
    const nowhere = { [ofRun]: "RESOURCE_DOES_NOT_EXIST", [ofModel]: "RESOURCE_DOES_NOT_EXIST" } as const;
    await expect(origins(nowhere)).rejects.toMatchObject({ code: "RESOURCE_DOES_NOT_EXIST" });
  });
});

describe("a directory of this machine", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "mlflow-artifacts-"));
    await writeFile(join(directory, "id_rsa"), "PRIVATE KEY");
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const files = async (...before: string[]): Promise<string[]> =>
    (await artifacts({}).list([...before, directory], context)).map(({ path }) => path);

  it("gives nothing of itself beside another one, unless it holds an MLmodel file", async () => {
    expect(await files(ofRun)).toEqual(["MLmodel"]);
    await mkdir(join(directory, "MLmodel"));
    await writeFile(join(directory, "MLmodel", "MLmodel"), "");
    expect(await files(ofRun)).toEqual(["MLmodel"]);

    await rm(join(directory, "MLmodel"), { recursive: true });
    await writeFile(join(directory, "MLmodel"), "flavors: {}");
    expect(await files(ofRun)).toEqual(["MLmodel", "id_rsa"]);
  });

  it("is listed whatever it holds when it is the only one", async () => {
    expect(await files()).toEqual(["id_rsa"]);
  });

  it("does not count as absent for a link in it that leads nowhere, or in a circle", async () => {
    await writeFile(join(directory, "MLmodel"), "flavors: {}");
    await symlink("gone", join(directory, "weights"));
    await expect(files(ofRun)).rejects.toMatchObject({ code: "INVALID_PARAMETER_VALUE" });

    await rm(directory, { recursive: true });
    await symlink(directory, directory);
    await expect(files(ofRun)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
  });

  it("is refused when links in it lead in a circle, or by countless ways, with no file there", async () => {
    const deep = join(directory, "deep");
    await mkdir(deep);
    await symlink("../deep", join(deep, "again"));
    await expect(files()).rejects.toThrow("is there a loop of links?");

    await rm(join(deep, "again"));
    for (let level = 0; level < 25; level++) {
      await mkdir(join(directory, `${level}`));
      for (const way of ["a", "b"]) await symlink(`../${level + 1}`, join(directory, `${level}`, way));
    }
    await mkdir(join(directory, "25"));
    await expect(files()).rejects.toThrow("has more than 1000 links to directories");
  });

  it.each(["a\nb", "a\\b", "a#b"])("is refused with a file of the name %j", async (name) => {
    await writeFile(join(directory, name), "");
    await expect(files()).rejects.toMatchObject({ code: "INVALID_PARAMETER_VALUE" });
  });
});

describe("a store that a user registers", () => {
  const reader = {
    list: async () => [{ path: "MLmodel", size: 5, version: "v7" }],
    open: async (uri: string, path: string, _context: object, version?: string) =>
      Readable.from([`${uri} ${path} ${version}`]),
  };

  it("is read through its reader, with the version that it listed", async () => {
    registerArtifactReader("wasbs", reader);
    const [artifact] = await new Artifacts(registeredArtifactReaders(), new Set()).list(["WASBS://c@a/m"], context);
    const stream = await artifact?.open(context);
    expect(await text(stream as Readable)).toBe("WASBS://c@a/m MLmodel v7");
  });

  it.each([
    ["WASBS", reader, /Write it in lower case/],
    ["wasbs:", reader, /without a colon/],
    ["runs", reader, /are taken/],
    ["wasbs", { list: reader.list }, /lacks a method/],
    ["wasbs", undefined, /lacks a method/],
  ])("needs a scheme and a whole reader: %s", (scheme, given, message) => {
    expect(() => registerArtifactReader(scheme, given as typeof reader)).toThrow(message);
  });
});

describe("stores that are not read", () => {
  it.each([
    ["dbfs:/databricks/m", /"dbfs:" \(Databricks' file system and Unity Catalog volumes\)/],
    ["r2://b@a.r2.cloudflarestorage.com/m", /Write it as s3:\/\/bucket\/path, with MLFLOW_S3_ENDPOINT_URL/],
    ["model:/iris/1", /Known forms: runs:\/RUN_ID\/path/],
    [
      "hdfs://host/m",
      /Start the MLflow server with --serve-artifacts, copy the model to gs:\/\/, s3:\/\/ or a directory/,
    ],
    ["oci://b@n/m", /add a reader by registerArtifactReader\("oci", …\)/],
  ])("such as %s say how the model can be read all the same", async (uri, message) => {
    const listing = new Artifacts({}, new Set()).list([uri], context);
    await expect(listing).rejects.toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
      message: expect.stringMatching(message),
    });
  });
});
