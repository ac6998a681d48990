/** The interpreter that `npm test` made for a purpose; the tests of other folders than test/unit need it. */
function interpreter(variable: string): string {
  const path = process.env[variable];
  if (!path)
    throw new Error(`${variable} is not set: run these tests by npm test, which makes the Python environments.`);
  return path;
}

/** Python with mlflow, scikit-learn and what serves a model. */
export const testPython = (): string => interpreter("MLFLOW_DEPLOYMENTS_TEST_PYTHON");

/** Python with Google's own SDK and discovery documents. */
export const contractPython = (): string => interpreter("MLFLOW_DEPLOYMENTS_TEST_CONTRACT_PYTHON");

/** Python with MLflow 3, the libraries that models are trained with, `mlflow[auth]` and moto's server. */
export const modelsPython = (): string => interpreter("MLFLOW_DEPLOYMENTS_TEST_MODELS_PYTHON");

/** Python with MLflow 2.22, the libraries that models are trained with, and `mlflow[auth]`. */
export const mlflow2Python = (): string => interpreter("MLFLOW_DEPLOYMENTS_TEST_MLFLOW2_PYTHON");

/** Python with MLflow 3 and PyTorch, which `npm run test:models` makes. */
export const torchPython = (): string => interpreter("MLFLOW_DEPLOYMENTS_TEST_TORCH_PYTHON");
