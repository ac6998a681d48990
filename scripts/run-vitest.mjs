import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cache, root } from "./setup/paths.mjs";
import { setUp, SetupError } from "./setup/index.mjs";
import { createTerminal } from "./terminal.mjs";

const results = join(root, ".test-output", "results.json");

/** Tells the tests the interpreter of each Python environment: see test/support/python.ts. */
const variables = {
  examples: "MLFLOW_DEPLOYMENTS_TEST_PYTHON",
  contract: "MLFLOW_DEPLOYMENTS_TEST_CONTRACT_PYTHON",
  models: "MLFLOW_DEPLOYMENTS_TEST_MODELS_PYTHON",
  mlflow2: "MLFLOW_DEPLOYMENTS_TEST_MLFLOW2_PYTHON",
  torch: "MLFLOW_DEPLOYMENTS_TEST_TORCH_PYTHON",
};

/**
 * Sets everything up, runs tests, and ends this process as they end.
 *
 * @param {(keyof typeof variables)[]} environments the Python environments that the tests need
 * @param {string[]} args of vitest
 */
export async function runVitest(environments, args) {
  const terminal = createTerminal();
  try {
    const code = await runTests(await setUp(terminal, environments), args);
    const counted = count(code);
    if (counted) terminal.print(`${counted.passed} passed, ${counted.failed} failed`);
    else terminal.failure("vitest wrote no results");
    process.exitCode = counted ? code : code || 1;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    terminal.failure(error.message);
    process.exitCode = 1;
  }
}

/**
 * @param {Record<string, string>} pythons
 * @param {string[]} args
 * @returns {Promise<number>} vitest's exit code
 */
async function runTests(pythons, args) {
  rmSync(results, { force: true });
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${results}`];
  const named = Object.entries(pythons).map(([name, path]) => [variables[name], path]);
  const child = spawn(process.execPath, [vitest, "run", ...reporters, ...args], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...Object.fromEntries(named), MLFLOW_DEPLOYMENTS_TEST_CACHE: cache },
  });
  // A Ctrl-C reaches vitest too, which stops what it started; this process waits for it.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.once("close", (code) => resolve(code ?? 1)));
}

/**
 * A file that could not be loaded holds no test, but it is a failure all the same.
 *
 * @param {number} code vitest's exit code
 */
function count(code) {
  if (!existsSync(results)) return undefined;
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(results, "utf8"));
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  );
  const failed = numFailedTests + broken.length;
  // vitest also fails by what is no test, such as a set-up that all tests share.
  return { passed: numPassedTests, failed: code === 0 ? failed : Math.max(failed, 1) };
}
