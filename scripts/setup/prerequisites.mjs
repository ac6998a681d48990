import { spawnSync } from "node:child_process";
import { SetupError } from "./command.mjs";

const oldestNode = [20, 19];

/** @throws {SetupError} when this Node.js is too old */
export function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  throw new SetupError(
    `Node.js ${oldestNode.join(".")} or newer is needed, this is ${process.versions.node}: see https://nodejs.org`,
  );
}

const question = `
import sys
try:
    import ensurepip, venv
    able = "able"
except ImportError:
    able = "unable"
print(sys.executable, "%d.%d" % sys.version_info[:2], able, sep="\\n")
`;

const advice =
  "install it (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python), or set MLFLOW_DEPLOYMENTS_PYTHON to its path";

/**
 * Looks for Python before anything is installed, so that a person without it is told at once.
 *
 * @returns {string} the path of an interpreter, 3.10 or newer, that can make virtual environments
 * @throws {SetupError} when there is none
 */
export function findUsablePython() {
  const chosen = process.env.MLFLOW_DEPLOYMENTS_PYTHON;
  const names = ["python3", "python", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"];
  let best = "Python 3.10 or newer was not found";
  for (const name of chosen ? [chosen] : names) {
    const { status, stdout } = spawnSync(name, ["-I", "-c", question], { encoding: "utf8" });
    if (status !== 0) continue;
    const [path, version, able] = stdout.trim().split(/\r?\n/);
    const isRecent = version.startsWith("3.") && Number(version.slice(2)) >= 10;
    if (isRecent && able === "able") return path;
    best = isRecent
      ? `${path} has no module venv: apt install python${version}-venv, or another Python`
      : `Python 3.10 or newer is needed, ${path} is ${version}`;
  }
  throw new SetupError(`${best}: ${advice}.`);
}
