import { isOld } from "./mlflow-pin.js";
import type { Requirement } from "./requirements.js";

/** Where packages of compiled code are on PyPI, so that nothing is compiled while an image is built. */
const whereBuilt = "python_version < '3.15' and platform_python_implementation == 'CPython'";

/**
 * What the serving runtime imports, by the range it is written for. numpy and pandas come with MLflow.
 * The upper bounds are the next major versions.
 */
const runtime: Readonly<Record<string, string>> = {
  // MLflow 2.19 does not bring it
  pydantic: ">=2,<3",
  starlette: ">=0.37,<2",
  uvicorn: ">=0.23,<1",
  "google-cloud-storage": ">=2.10,<4",
  // uvicorn's quicker reader of HTTP, and a quicker reader of JSON. The runtime does without where there is none built.
  httptools: `>=0.6,<1; ${whereBuilt}`,
  orjson: `>=3.9,<4; ${whereBuilt}`,
};

/** For a model that does not say which MLflow it was logged with. */
const anyMlflow = ">=2.19,<4";

/**
 * The serving runtime's requirements beside a model's own, which win: pip gets both lists at once, so the runtime asks for
 * nothing that the model has settled.
 *
 * @param mlflowVersion - Of the MLmodel file; used when the model's requirements lack MLflow.
 */
export function runtimeRequirements(model: readonly Requirement[], mlflowVersion: string | null): string[] {
  const settled = new Set(model.filter((requirement) => requirement.always).map((requirement) => requirement.name));
  // development versions are not on PyPI
  const released = mlflowVersion !== null && /^\d{1,4}(\.\d{1,4}){1,3}((a|b|rc)\d{1,4})?$/.test(mlflowVersion);
  const mlflow = released && !isOld(`==${mlflowVersion}`) ? `==${mlflowVersion}` : anyMlflow;
  return Object.entries({ mlflow, ...runtime })
    .filter(([name]) => !settled.has(name))
    .map(([name, range]) => name + range);
}
