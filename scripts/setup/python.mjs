import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "./command.mjs";
import { cache, root } from "./paths.mjs";

/**
 * Makes the Python environment of `requirements/<name>.txt` with this package's own code for it, unless it is there.
 *
 * @param {string} name
 * @param {string} interpreter path of the Python to make it with
 * @param {string} packages what a person knows its packages as
 * @param {(detail: string) => void} say
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ path: string, summary: string }>} its interpreter, and what was done
 */
export async function preparePython(name, interpreter, packages, say, signal) {
  // Not at the top: dist/ is made by an earlier step.
  const { ensureEnvironment } = await import("../../dist/runtime/environment.js");
  const { inspectPython } = await import("../../dist/runtime/python.js");
  const requirements = readFileSync(join(root, "scripts", "setup", "requirements", `${name}.txt`), "utf8");
  say("making a virtual environment; the first time takes a few minutes");
  let installed = false;
  const onLine = (line) => {
    installed = true;
    if (/^(Collecting|Downloading|Installing|waiting)/.test(line)) say(line);
  };
  try {
    const python = await inspectPython(interpreter);
    const { path, version } = await ensureEnvironment({
      python,
      requirements,
      cacheDir: cache,
      onLine,
      signal,
    });
    return {
      path,
      summary: `Python ${version} with ${packages}, ${installed ? "installed" : "up to date"}`,
    };
  } catch (error) {
    throw new SetupError(error.message, { cause: error });
  }
}
