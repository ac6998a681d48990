import { isOld } from "./mlflow-pin.js";
import type { ModelRequirements } from "./model-requirements.js";

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
};

/** Where PyPI has wheels of the libraries below; elsewhere pip would look for a compiler, or for Rust's. */
const withWheels =
  "python_version < '3.16' and platform_python_implementation == 'CPython' and platform_machine in 'x86_64 aarch64 arm64 AMD64'";

/**
 * What makes the serving runtime quicker where it is there, and where it is installed. No lower bounds: the runtime looks at what it finds, and a package
 * that brings an old version along must not fail the installation.
 */
const quicker: Readonly<Record<string, string>> = {
  httptools: `<1; ${withWheels}`,
  orjson: `<4; ${withWheels}`,
  // there is none for Windows
  uvloop: `<1; ${withWheels} and sys_platform != 'win32'`,
};

/** For a model that does not say which MLflow it was logged with. */
const anyMlflow = ">=2.19,<4";

/**
 * The serving runtime's requirements beside a model's own, which win: pip gets both lists at once, so the runtime asks for
 * nothing that the model has settled. What only makes it quicker is also left out where a constraint names it, and where
 * the model has something built from its source.
 *
 * @param mlflowVersion - Of the MLmodel file; used when the model's requirements lack MLflow.
 */
export function runtimeRequirements(
  model: Pick<ModelRequirements, "lines" | "packages" | "constraints">,
  mlflowVersion: string | null,
): string[] {
  const settled = new Set(model.packages.filter(({ always }) => always).map(({ name }) => name));
  // development versions are not on PyPI
  const released = mlflowVersion !== null && /^\d{1,4}(\.\d{1,4}){1,3}((a|b|rc)\d{1,4})?$/.test(mlflowVersion);
  const mlflow = released && !isOld(`==${mlflowVersion}`) ? `==${mlflowVersion}` : anyMlflow;
  const needed = Object.entries({ mlflow, ...runtime })
    .filter(([name]) => !settled.has(name))
    .map(([name, range]) => name + range);
  return [...needed, ...optional(model)];
}

function optional({ lines, packages, constraints }: Parameters<typeof runtimeRequirements>[0]): string[] {
  if (lines.some((line) => line.startsWith("--no-binary"))) return [];
  const named = new Set([...packages, ...(constraints ?? [])].map(({ name }) => name));
  return Object.entries(quicker)
    .filter(([name]) => !named.has(name))
    .map(([name, range]) => name + range);
}
