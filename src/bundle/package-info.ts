/** What the sdist is called; the article's name. */
export const projectName = "deploy_from_script";

/**
 * The sdist's PKG-INFO, as "Core metadata specifications" of the Python Packaging User Guide has it.
 *
 * @param requirements - Of one line each.
 */
export function packageInfo(version: string, requirements: readonly string[]): string {
  return [
    "Metadata-Version: 2.1",
    `Name: ${projectName}`,
    `Version: ${version}`,
    "Summary: The predictor and the serving runtime of one deployed MLflow model",
    "Requires-Python: >=3.9",
    ...requirements.map((requirement) => `Requires-Dist: ${requirement}`),
    "",
  ].join("\n");
}
