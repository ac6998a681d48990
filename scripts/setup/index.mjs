import { buildPackage } from "./build.mjs";
import { installPackages } from "./npm.mjs";
import { checkNode, findUsablePython } from "./prerequisites.mjs";
import { preparePython } from "./python.mjs";

export { SetupError } from "./command.mjs";

/** The Python environments by the name of their requirements file: what a person knows them and their packages as. */
const environments = {
  examples: { label: "Python packages", packages: "MLflow, scikit-learn" },
  contract: { label: "Google's contract", packages: "Google's SDK and discovery documents" },
  models: { label: "Models, MLflow 3", packages: "MLflow and the libraries of models" },
  torch: { label: "Models, PyTorch", packages: "MLflow 3 and PyTorch" },
  bench: { label: "Peers", packages: "MLflow, MLServer, Google's SDK" },
  mlflow2: { label: "Models, MLflow 2", packages: "MLflow 2 and the libraries of models" },
};

/**
 * Takes a bare clone, or any later state of it, to where the package is built and its Python environments are made.
 *
 * @param {import("../quickstart/terminal.ts").Terminal} terminal
 * @param {(keyof typeof environments)[]} names the Python environments that are needed
 * @param {AbortSignal} [signal]
 * @returns {Promise<Record<string, string>>} the interpreter of each environment
 */
export async function setUp(terminal, names, signal) {
  checkNode();
  const python = findUsablePython();
  terminal.title("Setting up");
  await terminal.step("npm packages", async (say) => installPackages(say, signal));
  await terminal.step("Build", async (say) => buildPackage(say, signal));
  /** @type {Record<string, string>} */
  const interpreters = {};
  for (const name of names) {
    const { label, packages } = environments[name];
    await terminal.step(label, async (say) => {
      const { path, summary } = await preparePython(name, python, packages, say, signal);
      interpreters[name] = path;
      return summary;
    });
  }
  return interpreters;
}
