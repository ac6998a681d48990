import { describe, expect, it } from "vitest";
import { parseRequirements } from "../../src/bundle/requirements.js";
import { runtimeRequirements } from "../../src/bundle/runtime-requirements.js";

const parse = (text: string) => parseRequirements(text, "requirements.txt");

describe("a model's requirements", () => {
  it("keep their lines, without comments and blank ones, whatever the line ends", () => {
    const text = "\uFEFF# made by MLflow\r\nmlflow==3.17.2\r\n\r\nscikit-learn == 1.5  # tested\rtorch\n";
    expect(parse(text).lines).toEqual(["mlflow==3.17.2", "scikit-learn == 1.5", "torch"]);
  });

  it.each([
    "numpy",
    "numpy>=1.26,<3,!=2.0.*",
    "mlflow[extras, gateway]==3.17.2",
    "typing_extensions (>=4)",
    "torch==2.5.1+cpu",
    'tomli>=2 ; python_version < "3.11"',
    "model @ https://example.org/model-1.whl#sha256=00",
    "model @ git+https://example.org/a/b.git@v1#subdirectory=c ; sys_platform == 'linux'",
    "model@git+ssh://git@example.org/a/b.git",
    "--extra-index-url https://example.org/whl/cpu",
    "-f https://example.org/whl",
    "--index-url=https://example.org/simple",
    "--pre",
    "--only-binary :all:",
  ])("may have %s", (line) => {
    expect(parse(line).lines).toEqual([line]);
  });

  it.each([
    ["-r other.txt", /the option -r cannot be used/],
    ["-e .", /the option -e cannot be used/],
    ["--find-links ./wheels", /the option --find-links/],
    ["-c other.txt", /the option -c/],
    ["--extra-index-url https://a https://b", /the option --extra-index-url/],
    ["./wheels/a.whl", /no requirement/],
    ["a-1.0-py3-none-any.whl", /no requirement/],
    ["https://example.org/a.whl", /no requirement/],
    ["a @ file:///tmp/a.whl", /no requirement/],
    ["numpy 1.2", /no requirement/],
    ["numpy (>=1", /no requirement/],
    ["numpy==1 --hash=sha256:00", /leave the hashes out/],
    ["numpy==1 --config-settings=x=y", /no requirement/],
    ["numpy \\", /goes on in the next line/],
    ["numpy\u2028--index-url https://example.org", /control characters or others than ASCII/],
    ["numpy\0", /control characters/],
    ["numpy\x0bpandas", /control characters/],
    ["a @ https://example.org/${TOKEN}", /environment variable/],
    [`a${" ".repeat(100_000)}@`, /no requirement/],
    ["a".repeat(2001), /more than 2000 characters/],
  ])("must not have %j", (line, problem) => {
    expect(() => parse(`mlflow\n${line}\n`)).toThrow(problem);
    expect(() => parse(`mlflow\n${line}\n`)).toThrow(/^requirements\.txt, line 2: /);
  });

  it("are refused with a password in a URL, which the message does not repeat", () => {
    for (const line of ["a @ https://me:hunter2@example.org/a.whl", "--index-url https://hunter2@example.org"]) {
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

  it("may name the constraints that MLflow writes beside them", () => {
    expect(parse("numpy\n--constraint=constraints.txt")).toMatchObject({
      constrained: true,
      lines: ["numpy", "-c constraints.txt"],
    });
  });
});

describe("the runtime's requirements", () => {
  const beside = (model: string, mlflowVersion: string | null = null) =>
    runtimeRequirements(parse(model).packages, mlflowVersion);

  it("leave out what the model's own settle, whatever the spelling", () => {
    expect(beside("MLflow==3.17.2\nGoogle.Cloud_Storage==3.1.0")).toEqual(["starlette>=0.37,<2", "uvicorn>=0.23,<1"]);
  });

  it("stay beside a requirement that a marker may leave out", () => {
    expect(beside("mlflow==3.17.2; python_version < '3.9'")).toContain("mlflow>=2.19,<4");
  });

  it("have the MLflow that the model was logged with when its own lack it", () => {
    expect(beside("mlflow-skinny==3.17.2", "3.17.2")[0]).toBe("mlflow==3.17.2");
    expect(beside("", "3.18.0.dev0")[0]).toBe("mlflow>=2.19,<4");
    expect(beside("", "1\n--index-url https://example.org")[0]).toBe("mlflow>=2.19,<4");
  });
});
