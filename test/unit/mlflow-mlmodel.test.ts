import { describe, expect, it } from "vitest";
import type { ProgressEvent } from "../../src/core/progress.js";
import { checkFlavors, readMlmodel } from "../../src/mlflow/mlmodel.js";
import { readPythonVersion, readRequirements } from "../../src/mlflow/requirements.js";

const mlmodel = `
flavors:
  python_function:
    loader_module: mlflow.sklearn
    python_version: 3.10
  sklearn:
    code: null
mlflow_version: 3.17.2
model_uuid: 12345678e9
run_id: 1234567890123456789012345678901e5
saved_input_example_info:
  artifact_path: input_example.json
signature:
  inputs: '[{"type": "double", "name": "sepal length (cm)", "required": true}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
  params: '[{"name": "limit", "type": "double", "default": Infinity, "shape": null}, {"name": "NaN", "type": "string", "default": "NaN", "shape": null}]'
`;

describe("readMlmodel", () => {
  it("reads versions and ids as they are written, not as numbers", () => {
    expect(readMlmodel(mlmodel)).toMatchObject({
      pythonVersion: "3.10",
      mlflowVersion: "3.17.2",
      modelId: "12345678e9",
      runId: "1234567890123456789012345678901e5",
      inputExample: "input_example.json",
    });
  });

  it.each([
    ["loaders.chat_model", "any", true],
    ["loaders.code_model", "agent/v2/chat", true],
    ["loaders.code_model", "llm/v1/completions", undefined],
    ["model", "agent/v2/chat", undefined],
  ])("says whether a model of loader %s and task %s gets its rows one by one", (loader, task, rowByRow) => {
    const text = mlmodel.replace("mlflow.sklearn", `mlflow.pyfunc.${loader}`) + `metadata:\n  task: ${task}\n`;
    expect(readMlmodel(text).signature?.rowByRow).toBe(rowByRow);
  });

  it("reads a signature of columns, tensors and parameters from the JSON inside the YAML", () => {
    expect(readMlmodel(mlmodel).signature).toEqual({
      inputs: [{ type: "double", name: "sepal length (cm)", required: true }],
      outputs: [{ type: "tensor", "tensor-spec": { dtype: "int64", shape: [-1] } }],
      params: [
        { name: "limit", type: "double", default: null, shape: null },
        { name: "NaN", type: "string", default: "NaN", shape: null },
      ],
    });
  });

  it("keeps what a signature quotes, whatever stands beside it", () => {
    const inputs = '[{"type": "double", "name": "a \\"NaN\\" \\\\", "default": -Infinity}]';
    expect(readMlmodel(`flavors: {a: {}}\nsignature: {inputs: '${inputs}'}`).signature?.inputs).toEqual([
      { type: "double", name: 'a "NaN" \\', default: null },
    ]);
  });

  it("reads a signature in one pass, even one without an end", () => {
    const endless = `flavors: {a: {}}\nsignature: {inputs: '${'\\"'.repeat(100_000)}'}`;
    expect(() => readMlmodel(endless)).toThrow("signature.inputs is not a JSON list");
  });

  it("gives null for what the file does not say", () => {
    expect(readMlmodel("flavors: {python_function: {}}")).toEqual({
      flavors: { python_function: {} },
      signature: null,
      pythonVersion: null,
      mlflowVersion: null,
      modelId: null,
      runId: null,
      inputExample: null,
    });
  });

  it.each([
    ["", "it has no flavors"],
    ["flavors: [a]", "it has no flavors"],
    ["a: [", "cannot be read"],
    ["[".repeat(20_000), "nested too deeply"],
    ["- ".repeat(2000), "nested too deeply"],
    ["flavors: {a: {}}\nsignature: {inputs: 'not json'}", "signature.inputs is not a JSON list"],
    ["flavors: {a: {}}\nsignature: {inputs: '[{}]'}", "signature.inputs is not a JSON list"],
    [
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [${"*a,".repeat(20)}]\nc: &c [${"*b,".repeat(20)}]\nflavors: {d: [${"*c,".repeat(20)}]}`,
      "alias",
    ],
    [`a: &x\n${"- *x\n".repeat(2000)}`, "more than 100 aliases"],
    [Array.from({ length: 20_000 }, (_, key) => `k${key}: 1\n`).join(""), "more than 10000 entries"],
  ])("refuses what MLflow does not write (case %#)", (text, reason) => {
    expect(() => readMlmodel(text)).toThrow(expect.objectContaining({ code: "INVALID_PARAMETER_VALUE" }));
    expect(() => readMlmodel(text)).toThrow(reason);
  });
});

describe("checkFlavors", () => {
  it("lists the flavors of a model that lacks the wanted one", () => {
    expect(() => checkFlavors(readMlmodel(mlmodel), "pytorch")).toThrow(
      /no flavor "pytorch". It has: python_function, sklearn\./,
    );
  });

  it("refuses a model that has no python_function", () => {
    expect(() => checkFlavors(readMlmodel("flavors: {spark: {}}"), undefined)).toThrow(
      /no python_function flavor, only spark/,
    );
  });
});

describe("a model's requirements", () => {
  const events: ProgressEvent[] = [];
  const context = { report: (event: ProgressEvent) => void events.push(event) };
  const warnings = (): string[] =>
    events.splice(0).flatMap((event) => (event.type === "warning" ? [event.message] : []));

  it("are the text of requirements.txt as it is", () => {
    const text = "mlflow==3.17.2\n# note\nscikit-learn==1.9.1";
    expect(
      readRequirements({ "requirements.txt": text, "conda.yaml": "dependencies: [{pip: [other]}]" }, "3.17.2", context),
    ).toBe(text);
    expect(warnings()).toEqual([]);
  });

  it("are of requirements.txt alone, with a warning about what only conda.yaml has", () => {
    const conda = "dependencies: [python=3.9.1, pip<=23, conda-forge::openjdk=11, {pip: [mlflow]}]";
    const files = { "requirements.txt": "mlflow", "conda.yaml": conda };
    expect(readRequirements(files, null, context)).toBe("mlflow");
    expect(warnings()).toEqual([expect.stringContaining("and not installed: openjdk=11. If it fails")]);
    expect(readRequirements({ ...files, "conda.yaml": "dependencies: [" }, null, context)).toBe("mlflow");
    expect(warnings()).toEqual([]);
  });

  it("are what conda.yaml says when there is no requirements.txt, with a warning about conda's own packages", () => {
    const conda = "dependencies: [python=3.9.1, pip<=23, scikit-learn=0.24.2, {pip: [mlflow, numpy==1.26.4]}]";
    expect(readRequirements({ "conda.yaml": conda }, null, context)).toBe(
      "scikit-learn==0.24.2.*\nmlflow\nnumpy==1.26.4\n",
    );
    expect(warnings()).toEqual([expect.stringContaining("pip installs scikit-learn==0.24.2.* from PyPI")]);
    expect(readPythonVersion({ "conda.yaml": conda })).toBe("3.9.1");
  });

  it.each([
    ["numpy", "numpy"],
    ["numpy=1.26", "numpy==1.26.*"],
    ["numpy=1.26.*", "numpy==1.26.*"],
    ["numpy=1.26.4", "numpy==1.26.4.*"],
    ["numpy==1.26.4", "numpy==1.26.4"],
    ["numpy=1.26.4=py311_0", "numpy==1.26.4"],
    ["numpy 1.26.4 py311_0", "numpy==1.26.4"],
    ["numpy 1.26.*", "numpy==1.26.*"],
    ["numpy=*", "numpy"],
    ["numpy=1.26rc1", "numpy==1.26rc1"],
    ["NumPy >=1.2, <2", "numpy>=1.2,<2"],
    ["numpy>=1.2.*,!=1.5.*,~=1.6", "numpy>=1.2,!=1.5.*,~=1.6"],
    ["conda-forge::numpy", "numpy"],
    ["conda-forge/linux-64::numpy=1", "numpy==1.*"],
    ["pytorch::pytorch=2.1", "torch==2.1.*"],
    ["py-xgboost>=1.7", "xgboost>=1.7"],
    ["librosa=0.10", "librosa==0.10.*"],
  ])("are for conda's %s what pip takes for the same: %s", (spec, requirement) => {
    const conda = JSON.stringify({ dependencies: [spec] });
    expect(readRequirements({ "conda.yaml": conda }, null, context)).toBe(`${requirement}\n`);
    warnings();
  });

  it("leave out what an image or a wheel brings along", () => {
    const conda =
      "dependencies: [python=3.9, pip, _libgcc_mutex=0.1=main, libgcc-ng=9.1.0, openssl=1.1.1, mkl, {pip: [mlflow]}]";
    expect(readRequirements({ "conda.yaml": conda }, null, context)).toBe("mlflow\n");
    expect(warnings()).toEqual([]);
  });

  it("are refused for what pip cannot install, all of it named with its reason and what to do", () => {
    const conda = "dependencies: [python=3.9, cudatoolkit=11.3, r-base, nvidia::cuda-nvcc, openjdk>=8, gdal, numpy]";
    const read = (): string => readRequirements({ "conda.yaml": conda }, null, context);
    expect(read).toThrow(
      /cudatoolkit \(the CUDA .*\), r-base \(it is of R\), cuda-nvcc \(.*\), openjdk \(it is Java\), gdal \(/,
    );
    expect(read).toThrow(/Add a requirements\.txt to the model .* baseImage/);
  });

  it.each([
    ["numpy>=1|<0.5"],
    ["numpy[version='>=1']"],
    ["numpy=>1"],
    ["numpy=1.2-3"],
    ["numpy; rm"],
    ["a".repeat(5000)],
  ])("are refused for a spec of conda that pip has no words for: %s", (spec) => {
    const read = (): string =>
      readRequirements({ "conda.yaml": JSON.stringify({ dependencies: [spec] }) }, null, context);
    expect(read).toThrow(/its conda\.yaml says ".*", which cannot be written for pip\. Add a requirements\.txt/);
  });

  it.each(["https://u:hunter2@conda.acme.com/main", "https://conda.acme.com/t/hunter2/main"])(
    "name no channel of conda in a message, whose URL can hold a token: %s",
    (channel) => {
      const conda = JSON.stringify({ dependencies: [`${channel}::openjdk=11`] });
      const read = (files: object): string => readRequirements({ "conda.yaml": conda, ...files }, null, context);
      expect(() => read({})).toThrow(/its conda\.yaml says "openjdk=11", which cannot be written for pip/);
      read({ "requirements.txt": "mlflow" });
      expect(warnings()).toEqual([expect.stringContaining("and not installed: openjdk=11. If it fails")]);
    },
  );

  it("are the MLflow that logged the model when it says nothing, with a warning", () => {
    expect(readRequirements({}, "2.22.0", context)).toBe("mlflow==2.22.0\n");
    expect(warnings()).toEqual([expect.stringContaining("only mlflow==2.22.0 will be installed")]);
  });

  it.each([
    ["numpy\n--extra-index-url https://user:hunter2@pypi.acme.com/simple", 2, "https://***@pypi.acme.com/simple"],
    ["git+https://hunter2@git.acme.com/x.git@v1", 1, "git+https://***@git.acme.com/x.git@v1"],
    ["# https://u:hunter2@h/", 1, "https://***@h/"],
    ["a\n--index-url https://u:\\\nhunter2@h/simple", 3, "https://***@h/simple"],
  ])("are refused with credentials in a URL, which the message masks (case %#)", (text, line, masked) => {
    const read = (): string => readRequirements({ "requirements.txt": text }, null, context);
    expect(read).toThrow(`Line ${line} of the model's requirements.txt`);
    expect(read).toThrow(masked);
    expect(read).not.toThrow("hunter2");
  });

  it.each([
    ["numpy\nb @ https://h.org/x.whl?sig=hunter2", 2, "https://h.org/x.whl"],
    ["--extra-index-url https://h.org/simple/?access_token=hunter2", 1, "https://h.org/simple/"],
    ["numpy\r--index-url=git+https://h.org/a.git@v1?t=hunter2#egg=b", 2, "--index-url=git+https://h.org/a.git@v1"],
    ["b @ https://u:hunter2@h.org/x.whl?sig=hunter2", 1, "b @ https://***@h.org/x.whl"],
    ["b @ https://h.org/\\\nx.whl?sig=hunter2 \\", 2, "https://h.org/x.whl"],
  ])("are refused with a query in a URL, which the message leaves out (case %#)", (text, line, shown) => {
    const read = (): string => readRequirements({ "requirements.txt": text }, null, context);
    expect(read).toThrow(`Line ${line} of the model's requirements.txt`);
    expect(read).toThrow(`: ${shown}. `);
    expect(read).not.toThrow("hunter2");
  });

  it("are refused with a line of more than 2000 characters", () => {
    const text = `numpy\n${"a".repeat(2001)}\n`;
    expect(() => readRequirements({ "requirements.txt": text }, null, context)).toThrow(
      "Line 2 of the model's requirements.txt has more than 2000 characters",
    );
  });

  it("are read in one pass when each line goes on in the next", () => {
    const text = "a\\\n".repeat(200_000);
    expect(readRequirements({ "requirements.txt": text }, null, context)).toBe(text);
  });

  it("may name packages by URL, version control and ssh user", () => {
    const text =
      "git+ssh://git@github.com/a/b.git@v1\npkg @ https://host:8443/p@1/pkg.whl#sha256=0?\nnumpy # see https://h.org/?page=1\n";
    expect(readRequirements({ "requirements.txt": text }, null, context)).toBe(text);
  });
});

describe("readPythonVersion", () => {
  it("prefers python_env.yaml, and keeps the zero of 3.10", () => {
    expect(readPythonVersion({ "python_env.yaml": "python: 3.10\n", "conda.yaml": "dependencies: [python=3.9]" })).toBe(
      "3.10",
    );
    expect(readPythonVersion({})).toBeNull();
  });

  it.each([
    ["python=3.8.5", "3.8.5"],
    ["python==3.10", "3.10"],
    ["conda-forge::python=3.9.7=h12debc0_1", "3.9.7"],
    ["python 3.12.*", "3.12"],
    ["python", null],
    ["python=3", "3.11"],
    ["python>=3.9", "3.11"],
    ["python>=3.8,<3.11", "3.10"],
    ["python>3.11,<3.13", "3.11"],
    ["python>=3.12,!=3.12.*", "3.13"],
    ["python<3.9.5", "3.9"],
    ["python~=3.12.1", "3.12"],
    ["python~=3.7", "3.11"],
    ["python>=3.6,<3.8", "3.6"],
    ["python=2.7.15", "2.7.15"],
  ])("takes for conda's %s the Python %s", (spec, version) => {
    expect(readPythonVersion({ "conda.yaml": JSON.stringify({ dependencies: ["python-dateutil=2.8", spec] }) })).toBe(
      version,
    );
  });
});
