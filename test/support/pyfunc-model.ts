import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { inspectPython } from "../../src/runtime/python.js";
import { testPython } from "./python.js";

const source = (factor: number) => `
def _load_pyfunc(path):
    return Sums()


class Sums:
    """The sum of each row, times ${factor}."""

    def predict(self, rows, params=None):
        return rows.sum(axis=1) * ${factor}

    def predict_stream(self, row, params=None):
        yield sum(row) * ${factor}
`;

const brokenSource = `
def _load_pyfunc(path):
    raise RuntimeError("this model does not load")
`;

const sumsSignature = { inputs: [{ type: "tensor", "tensor-spec": { dtype: "float64", shape: [-1, 3] } }] };

const mlmodel = (pythonVersion: string, code: string, signature: Record<string, unknown>) => `
flavors:
  python_function:
    code: code
    loader_module: sums
    python_version: ${pythonVersion}
    streamable: ${code.includes("def predict_stream")}
${Object.keys(signature).length > 0 ? "signature:" : ""}
${Object.entries(signature)
  .map(([part, fields]) => `  ${part}: '${JSON.stringify(fields)}'\n`)
  .join("")}`;

/**
 * Writes an MLflow model that needs no training, and streams.
 *
 * @param factor - It answers the sum of each row of three numbers, times this; with null it cannot be loaded.
 */
export function writePyfunc(directory: string, factor: number | null): Promise<void> {
  return writePyfuncOf(directory, factor === null ? brokenSource : source(factor), sumsSignature);
}

/**
 * Writes an MLflow model of Python code. It streams if the code has a `predict_stream`.
 *
 * @param code - A module with `_load_pyfunc`.
 * @param signature - `inputs`, `outputs` and `params` as MLflow writes them; each may be left out.
 */
export async function writePyfuncOf(
  directory: string,
  code: string,
  signature: Record<string, unknown>,
): Promise<void> {
  const { version } = await inspectPython(testPython());
  await mkdir(join(directory, "code"), { recursive: true });
  await writeFile(join(directory, "MLmodel"), mlmodel(version, code, signature));
  await writeFile(join(directory, "requirements.txt"), "mlflow==3.17.2\n");
  await writeFile(join(directory, "code", "sums.py"), code);
}
