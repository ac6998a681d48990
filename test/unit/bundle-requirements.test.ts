import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { withServableMlflow } from "../../src/bundle/mlflow-pin.js";
import { modelRequirements, type ModelRequirements } from "../../src/bundle/model-requirements.js";
import { parseRequirements } from "../../src/bundle/requirements.js";
import { runtimeRequirements } from "../../src/bundle/runtime-requirements.js";
import { resolvedModel } from "../support/resolved-model.js";

const parse = (text: string) => parseRequirements(text, "requirements.txt");

/** What pip gets for requirements, in a model that also has these files. */
async function requirementsOf(text: string, files: Record<string, string> = {}): Promise<ModelRequirements> {
  const directory = await mkdtemp(join(tmpdir(), "requirements-"));
  try {
    const there = Object.entries(files).map(async ([path, content]) => {
      const localPath = join(directory, path.replaceAll("/", "_"));
      await writeFile(localPath, content);
      return { path, size: content.length, sha256: content, crc32c: "AAAAAA==", localPath };
    });
    return await modelRequirements(resolvedModel(text, {}, await Promise.all(there)), { report: () => {} });
  } finally {
    await rm(directory, { recursive: true });
  }
}

const linesOf = async (text: string, files?: Record<string, string>) => (await requirementsOf(text, files)).lines;
const wheel = "wheels/acme_tools-1.2-py3-none-any.whl";

describe("a model's requirements", () => {
  it("keep their lines, without comments and blank ones, whatever the line ends", async () => {
    const text = "\uFEFF# made by MLflow\r\nmlflow==3.17.2\r\n\r\nscikit-learn == 1.5  # tested\rtorch\n";
    expect(await linesOf(text)).toEqual(["mlflow==3.17.2", "scikit-learn == 1.5", "torch"]);
  });

  it("have lines joined that go on in the next one, as pip joins them", async () => {
    const text = "numpy>=1.26,\\\n  <3\n# a comment \\\npandas \\\n# not more\nscipy # why \\\nnot-a-package\ntorch\\";
    expect(await linesOf(text)).toEqual(["numpy>=1.26, <3", "pandas", "scipy", "torch"]);
  });

  it.each([
    "numpy",
    "numpy>=1.26,<3,!=2.0.*",
    "mlflow[extras, gateway]==3.17.2",
    "typing_extensions (>=4)",
    "torch==2.5.1+cpu",
    'tomli>=2 ; python_version < "3.11"',
    "numpy; (python_version<'3.9'or os.name=='nt')and platform_machine not in 'arm64 or aarch64' and 'x' in extra",
    "model @ https://example.org/model-1.whl#sha256=00",
    "model @ https://example.org:8443/a@1/model-1.whl",
    "model @ git+https://example.org/a/b.git@v1#subdirectory=c ; sys_platform == 'linux'",
    "model@git+ssh://git@example.org/a/b.git",
    "--extra-index-url https://example.org/whl/cpu",
    "-f https://example.org/whl",
    "--index-url=https://example.org/simple",
    "--pre",
    "--only-binary :all:",
    "--no-binary scipy,numpy",
  ])("may have %s", async (line) => {
    expect(await linesOf(line)).toEqual([line]);
  });

  it.each([
    ["-e git+https://example.org/a/b.git@v1#egg=acme", "acme @ git+https://example.org/a/b.git@v1"],
    [
      "--editable=git+ssh://git@example.org/b#egg=b[x]&subdirectory=c",
      "b[x] @ git+ssh://git@example.org/b#subdirectory=c",
    ],
    ["git+https://example.org/b@1#egg=b ; os_name == 'posix'", "b @ git+https://example.org/b@1 ; os_name == 'posix'"],
    [
      "https://example.org/x/acme_tools-1.2%2Bcpu-py3-none-any.whl#sha256=00",
      "acme-tools @ https://example.org/x/acme_tools-1.2%2Bcpu-py3-none-any.whl#sha256=00",
    ],
  ])("have a name in place of %s", async (line, named) => {
    expect(await linesOf(line)).toEqual([named]);
  });

  it.each([
    ["-e .", /the option -e cannot be used .* code_paths/],
    ["-e ./src", /code_paths/],
    ["--find-links ./wheels", /the option --find-links .* name each wheel by its path/],
    ["--no-index", /the packages of the serving runtime come from the index/],
    ["--require-hashes", /leave the hashes out/],
    ["-r https://example.org/r.txt", /-r .* has to name a file of the model/],
    ["-r ../other.txt", /is outside of the model's own directory/],
    ["-c /etc/passwd", /is outside of the model's own directory/],
    ["-r other.txt", /it names other\.txt, which is not among the model's files/],
    ["--extra-index-url https://a https://b", /the option --extra-index-url/],
    ["--process-dependency-links", /list the packages themselves/],
    ["./wheels/a.whl", /a\.whl is not named as a wheel has to be/],
    ["../a-1.0-py3-none-any.whl", /is outside of the model's own directory/],
    ["/a-1.0-py3-none-any.whl", /is outside of the model's own directory/],
    ["wheels/../../a-1.0-py3-none-any.whl", /is outside of the model's own directory/],
    ["a-1.0-py3-none-any.whl", /which is not among the model's files/],
    ["https://example.org/a.whl", /is not named as a wheel has to be/],
    ["https://example.org/a-1.tar.gz", /no requirement/],
    ["git+https://example.org/a", /a repository needs its package's name/],
    ["-e git+https://example.org/a#subdirectory=b", /a repository needs its package's name/],
    ["hg+https://example.org/a#egg=a", /a repository needs its package's name; write name @ git/],
    ["a @ file:///tmp/a.whl", /a file of the machine that the model was logged on/],
    ["numpy @ file:///croot/numpy_1/work", /a file of the machine that the model was logged on; write name==version/],
    ["./src", /a file of the machine that the model was logged on/],
    ["numpy 1.2", /no requirement/],
    ["numpy (>=1", /no requirement/],
    ["numpy==1 --hash=sha256:00", /leave the hashes out/],
    ["numpy==1 \\\n --hash=sha256:00", /leave the hashes out/],
    ["numpy==1 --config-settings=x=y", /takes no options here/],
    ['numpy ; python_version > "3" --config-settings=x=y', /takes no options here/],
    ['numpy ; platform_version == "a -b"', /takes no options here/],
    ["numpy ; python_version", /no environment marker/],
    ["numpy ; python_version > 3", /no environment marker/],
    ["numpy ; python_version > '3' ; extra == 'x'", /no environment marker/],
    ["numpy ; __import__('os') == ''", /no environment marker/],
    ["a-1.0-py3-none-any.whl ; nothing", /no environment marker/],
    ["numpy\u2028--index-url https://example.org", /control characters or others than ASCII/],
    ["numpy\0", /control characters/],
    ["numpy\x0bpandas", /control characters/],
    ["a @ https://example.org/${TOKEN}", /environment variable/],
    [`a${" ".repeat(100_000)}@`, /no requirement/],
    ["a".repeat(2001), /more than 2000 characters/],
  ])("must not have %j", async (line, problem) => {
    const parsed = requirementsOf(`mlflow\n${line}\n`);
    await expect(parsed).rejects.toThrow(problem);
    await expect(parsed).rejects.toThrow(/^The model's requirements\.txt, line 2: /);
    await expect(parsed).rejects.toMatchObject({ code: "INVALID_PARAMETER_VALUE" });
  });

  it("are refused with a password in a URL, which the message does not repeat", () => {
    const lines = [
      "a @ https://me:hunter2@example.org/a.whl",
      "--index-url https://hunter2@example.org",
      "a @ https://me:\\\nhunter2@example.org/a.whl",
      "a @ https://me:p/hunter2@example.org/a.whl",
    ];
    for (const line of lines) {
      expect(() => parse(line)).toThrow(/line 1: its URL holds a user name or a password/);
      expect(() => parse(line)).not.toThrow(/hunter2/);
    }
  });

  it("are refused with a query in a URL, which the message leaves out", () => {
    const lines = {
      "b @ https://h.org/x.whl?sig=hunter2 ; python_version>'3'": "https://h.org/x.whl",
      "--extra-index-url https://h.org/simple/?access_token=hunter2": "https://h.org/simple/",
      "-f=HTTPS://h.org?hunter2": "HTTPS://h.org",
      "b @ git+ssh://git@h.org/a.git@v1?t=hunter2#egg=b": "ssh://git@h.org/a.git@v1",
    };
    for (const [line, shown] of Object.entries(lines)) {
      expect(() => parse(`numpy\n${line}`)).toThrow(/^requirements\.txt, line 2: /);
      expect(() => parse(`numpy\n${line}`)).toThrow(`the query of ${shown} `);
      expect(() => parse(`numpy\n${line}`)).not.toThrow(/hunter2/);
    }
  });

  it("are refused with a password after a user that is none", () => {
    expect(() => parse("a @ git+ssh://git@example.org/b;x='https://me:hunter2@example.org'")).toThrow(/a user name/);
  });

  it("take in other files of the model that they name, each by its place", async () => {
    const files = {
      "more/base.txt": "numpy\n-r sub/deep.txt\n--constraint=../constraints.txt",
      "more/sub/deep.txt": "scipy",
      "constraints.txt": "pandas<3 # later ones break it",
      "own.txt": "scipy<2",
    };
    const found = await requirementsOf("-r more/base.txt\nmlflow\n-c own.txt", files);
    expect(found).toMatchObject({
      lines: ["numpy", "scipy", "mlflow"],
      constraints: [{ line: "pandas<3" }, { line: "scipy<2" }],
    });
    expect((await requirementsOf("mlflow")).constraints).toBeNull();
  });

  it("are refused when a file that they name is wrong, with its name and line", async () => {
    await expect(linesOf("-r a.txt", { "a.txt": "numpy\n-e ." })).rejects.toThrow(/^The model's a\.txt, line 2: /);
    await expect(linesOf("-r a.txt", { "a.txt": "-r a.txt" })).rejects.toThrow(/more than 5 deep/);
    await expect(linesOf("-c c.txt", { "c.txt": "a[b]<2" })).rejects.toThrow(/no extras in constraints/);
    await expect(linesOf("-c c.txt", { "c.txt": "--pre" })).rejects.toThrow(/a constraint is a package's name/);
  });

  it("are refused when files that name one another multiply, before they are all read", async () => {
    const files = Object.fromEntries(
      ["a", "b", "c", "d"].map((name, at) => [`${name}.txt`, `-r ${"bcde"[at]}.txt\n`.repeat(50)]),
    );
    await expect(linesOf("-r a.txt", { ...files, "e.txt": "" })).rejects.toThrow(/more than 10000 requirements/);
    await expect(linesOf("-c a.txt", { "a.txt": "a<2\n".repeat(200_000) })).rejects.toThrow(
      "The model's a.txt, line 1: with the files that name one another there are more than 10000 requirements",
    );
  });

  it("are refused when a file that they name is no text, or too large for one", async () => {
    await expect(linesOf("-r a.bin", { "a.bin": "\uFFFD\0".repeat(3_000_000) })).rejects.toThrow(
      /a\.bin has \d+ bytes/,
    );
    const directory = await mkdtemp(join(tmpdir(), "requirements-"));
    try {
      const localPath = join(directory, "a.txt");
      await writeFile(localPath, Buffer.from([0x6e, 0xff]));
      const file = { path: "a.txt", size: 2, sha256: "", crc32c: "AAAAAA==", localPath };
      await expect(modelRequirements(resolvedModel("-r a.txt", {}, [file]), { report: () => {} })).rejects.toThrow(
        "The model's requirements.txt, line 1: a.txt cannot be read as UTF-8 text.",
      );
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it("have the wheels of the model, at one place in the bundle, and by name and version in the sdist's metadata", async () => {
    const other = "libs/b_c-2.0+cu1-1-cp311-cp311-manylinux_2_17_x86_64.whl";
    const files = { [wheel]: "bytes", [other]: "more bytes" };
    const found = await requirementsOf(`${wheel}\n./${other}[x] ; python_version > "3"\n${wheel}`, files);
    expect(found.lines[0]).toBe(`./${wheel}`);
    expect(found.lines[1]).toBe(`./${other.replace("libs", "wheels")}[x] ; python_version > "3"`);
    expect(found.packages).toMatchObject([
      { name: "acme-tools", specifier: "acme-tools==1.2", always: true },
      { name: "b-c", specifier: 'b-c[x]==2.0+cu1 ; python_version > "3"', always: false },
      { name: "acme-tools" },
    ]);
    expect(found.wheels).toMatchObject([
      { path: wheel, size: 5, sha256: "bytes" },
      { path: other.replace("libs", "wheels"), size: 10, sha256: "more bytes" },
    ]);
  });

  it("are refused with two wheels of one name, and with wheels that no build should carry", async () => {
    const twice = { [wheel]: "a", [`other/${wheel}`]: "b" };
    await expect(linesOf(`${wheel}\nother/${wheel}`, twice)).rejects.toThrow(
      /another wheel of the model has the same name/,
    );
    const huge = { path: wheel, size: 3 * 1024 ** 3, sha256: "00", crc32c: "AAAAAA==", localPath: "/nowhere" };
    await expect(modelRequirements(resolvedModel(wheel, {}, [huge]), { report: () => {} })).rejects.toThrow(
      /wheels have 3221225472 bytes; a bundle takes 2147483648 \(2 GiB\)/,
    );
  });

  it("say whether git or a compiler is needed", async () => {
    expect(await requirementsOf("a @ git+https://example.org/a")).toMatchObject({ needsTools: true });
    expect(await requirementsOf("--no-binary :all:\na")).toMatchObject({ needsTools: true });
    expect(await requirementsOf("a @ https://example.org/a.whl")).toMatchObject({ needsTools: false });
  });
});

describe("an MLflow that is too old for the serving runtime", () => {
  const replaced = async (text: string, files?: Record<string, string>) =>
    withServableMlflow(await requirementsOf(text, files));

  it.each([
    ["mlflow==1.30.0", "mlflow>=2.19,<3"],
    ["mlflow[extras]==2.11.3", "mlflow[extras]>=2.19,<3"],
    ["MLflow (<2) ; python_version < '4'", "MLflow>=2.19,<3 ; python_version < '4'"],
    ["mlflow>=1.2,<=1.30", "mlflow>=2.19,<3"],
    ["mlflow~=1.27", "mlflow>=2.19,<3"],
    ["mlflow-skinny==1.30.0", "mlflow-skinny>=2.19,<3"],
  ])("is replaced, with a warning: %s", async (line, newer) => {
    const { own, warnings } = await replaced(`numpy\n${line}`);
    expect(own.lines).toEqual(["numpy", newer]);
    expect(own.packages[1]).toMatchObject({ line: newer, specifier: newer });
    expect(warnings).toEqual([
      expect.stringMatching(/the serving runtime needs 2\.12 or later, and gets mlflow>=2\.19,<3/),
    ]);
  });

  it.each(["mlflow==1.30.0", "mlflow"])("is replaced in constraints, too, beside %s", async (line) => {
    const { own, warnings } = await replaced(`${line}\n-c c.txt`, { "c.txt": "pandas<2\nmlflow==1.30.0" });
    expect(own.constraints).toMatchObject([{ line: "pandas<2" }, { line: "mlflow>=2.19,<3" }]);
    expect(warnings).toEqual([expect.stringMatching(/^The model asks for mlflow==1\.30\.0; the serving runtime/)]);
  });

  it("is not there any more as a wheel", async () => {
    const path = "wheels/mlflow-1.30.0-py3-none-any.whl";
    const { own } = await replaced(path, { [path]: "" });
    expect(own).toMatchObject({ lines: ["mlflow>=2.19,<3"], wheels: [] });
  });

  it.each([
    "mlflow",
    "mlflow==2.12.0",
    "mlflow~=2.1",
    "mlflow==2.*",
    "mlflow>=1.2",
    "mlflow<3",
    "mlflow==3.17.2",
    "mlflow<=2.12.2",
    "mlflow>1,!=2.1",
  ])("is not %s", async (line) => {
    expect(await replaced(line)).toMatchObject({ own: { lines: [line] }, warnings: [] });
  });
});

describe("the runtime's requirements", () => {
  const beside = async (model: string, mlflowVersion: string | null = null, files?: Record<string, string>) =>
    runtimeRequirements(await requirementsOf(model, files), mlflowVersion);
  const nameOf = (line: string) => /^[\w-]+/.exec(line)?.[0];

  it("leave out what the model's own settle, whatever the spelling", async () => {
    expect(
      await beside("MLflow==3.17.2\nGoogle.Cloud_Storage==3.1.0\npydantic<3\norjson==3.6.0\nHTTPtools\nuvloop"),
    ).toEqual(["starlette>=0.37,<2", "uvicorn>=0.23,<1"]);
  });

  it("ask for what only makes it quicker where it has wheels, in words that are an environment marker", async () => {
    const quicker = (await beside("mlflow==3.17.2")).slice(-3);
    expect(quicker.map(nameOf)).toEqual(["httptools", "orjson", "uvloop"]);
    for (const { requirement } of parse(quicker.join("\n")).filter((line) => line.kind === "package"))
      expect(requirement).toMatchObject({ always: false });
  });

  it.each([
    ["orjson==3.6.0 ; python_version < '3.9'", ["httptools", "uvloop"]],
    ["-c c.txt", ["httptools", "uvloop"]],
    ["--no-binary :all:", []],
    ["--no-binary orjson", []],
  ])("leave out what only makes it quicker rather than contradict %s", async (line, left) => {
    const names = (await beside(line, null, { "c.txt": "orjson==3.6.0" })).map(nameOf);
    expect(names.filter((name) => ["httptools", "orjson", "uvloop"].includes(name ?? ""))).toEqual(left);
    expect(names).toContain("uvicorn");
  });

  it("stay beside a requirement that a marker may leave out", async () => {
    expect(await beside("mlflow==3.17.2; python_version < '3.9'")).toContain("mlflow>=2.19,<4");
  });

  it("have the MLflow that the model was logged with when its own lack it and it can be served with", async () => {
    expect((await beside("mlflow-skinny==3.17.2", "3.17.2"))[0]).toBe("mlflow==3.17.2");
    expect((await beside("", "2.11.3"))[0]).toBe("mlflow>=2.19,<4");
    expect((await beside("", "3.18.0.dev0"))[0]).toBe("mlflow>=2.19,<4");
    expect((await beside("", "1\n--index-url https://example.org"))[0]).toBe("mlflow>=2.19,<4");
  });
});
