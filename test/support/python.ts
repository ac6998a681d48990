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
