import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { inspectPython } from "../../src/runtime/python.js";
import { testPython } from "../support/python.js";

/** Above the size up to which a file is sent in one request. */
const largeFile = 9 * 2 ** 20;

const loader = `
def _load_pyfunc(path):
    return RowSums()


class RowSums:
    def predict(self, rows, params=None):
        return rows.sum(axis=1)
`;

const brokenLoader = `
def _load_pyfunc(path):
    raise RuntimeError("this model does not load")
`;

const mlmodel = (pythonVersion: string) => `
flavors:
  python_function:
    code: code
    loader_module: row_sums
    python_version: ${pythonVersion}
signature:
  inputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 3]}}]'
  params: '[{"name": "temperature", "type": "double", "default": 1.0, "shape": null}]'
`;

/** Writes an MLflow model that needs no training: it answers the sum of each row, or cannot be loaded. */
export async function writeModel(directory: string, { loads }: { loads: boolean }): Promise<void> {
  const { version } = await inspectPython(testPython());
  await mkdir(join(directory, "code"), { recursive: true });
  await writeFile(join(directory, "MLmodel"), mlmodel(version));
  await writeFile(join(directory, "requirements.txt"), "mlflow==3.17.2\n");
  await writeFile(join(directory, "code", "row_sums.py"), loads ? loader : brokenLoader);
  await writeFile(join(directory, "weights.bin"), Buffer.alloc(largeFile, 1));
}
