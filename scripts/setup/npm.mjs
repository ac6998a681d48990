import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { runCommand } from "./command.mjs";
import { root } from "./paths.mjs";

/**
 * Installs the npm packages of package-lock.json, unless they are there.
 *
 * @param {(detail: string) => void} say
 * @param {AbortSignal} [signal]
 * @returns {Promise<string>} what was done
 */
export async function installPackages(say, signal) {
  const wanted = lockedPackages("package-lock.json");
  const count = `${Object.values(wanted).filter((entry) => !entry.optional).length} packages`;
  if (isInstalled(wanted)) return `${count}, up to date`;
  say("npm ci; the first time takes a minute");
  const { command, args } = npm();
  await runCommand(command, [...args, "ci", "--no-audit", "--no-fund"], {
    say,
    signal,
    failure: "npm ci failed",
    cause,
  });
  return `${count}, installed`;
}

/** npm says first what is wrong, then how it is used. */
const cause = (lines) => lines.filter((line) => /^npm error \S/.test(line)).slice(0, 8);

/** npm writes a copy of the lock file when an installation is complete: what is installed can be read, not guessed. */
function isInstalled(wanted) {
  const installed = lockedPackages("node_modules/.package-lock.json");
  const same = (path) =>
    wanted[path]?.version === installed[path]?.version && wanted[path]?.integrity === installed[path]?.integrity;
  return (
    Object.keys(installed).length > 0 &&
    Object.keys(installed).every(same) &&
    // Packages for other platforms are optional and stay away.
    Object.keys(wanted).every((path) => path in installed || wanted[path].optional)
  );
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, integrity?: string, optional?: boolean }>} by path; empty when there is no such file
 */
function lockedPackages(file) {
  const path = join(root, file);
  if (!existsSync(path)) return {};
  const { "": _root, ...packages } = JSON.parse(readFileSync(path, "utf8")).packages;
  return packages;
}

/** npm without a shell: its own script where that can be found, which on Windows is the only way. */
function npm() {
  const script = [
    process.env.npm_execpath,
    join(dirname(process.execPath), "node_modules", "npm", "bin", "npm-cli.js"),
    join(dirname(process.execPath), "..", "lib", "node_modules", "npm", "bin", "npm-cli.js"),
  ].find((path) => path?.endsWith("npm-cli.js") && existsSync(path));
  return script ? { command: process.execPath, args: [script] } : { command: "npm", args: [] };
}
