/** What a custom prediction routine runs in. */
import { fileURLToPath } from "node:url";

import { findPython, inspectPython } from "../../runtime/python.js";
import { installPackages } from "./install-packages.js";

/** What was installed for one version. */
export interface Installation {
  /** Path of the interpreter. */
  python: string;
  /** Directories of the version's own packages. */
  pythonPath: string[];
}

export interface InstallRequest {
  /** Paths of the version's packages. */
  packages: readonly string[];
  /** Where they are installed: a directory of this version alone, not there yet. */
  directory: string;
  onLine: (line: string) => void;
  signal: AbortSignal;
}

/** Installs packages, and serves the class in them. */
export interface PredictionRuntime {
  /** The program that serves: `PROGRAM PORT MODEL_DIR MODULE.CLASS`, run by the installation's interpreter. */
  server: string;
  /** @throws InstallError */
  install(request: InstallRequest): Promise<Installation>;
}

/** The package's own folder `templates` is as far from src/emulator/ml as from dist/emulator/ml. */
const server = new URL("../../../templates/emulator/custom_prediction_server.py", import.meta.url);

/**
 * Python of this machine, whatever a version's `pythonVersion` says: what the service had, 3.7 and older, is gone.
 *
 * @param options.python Path of the interpreter; default: one that is found here.
 * @param options.cacheDir Where environments are kept; default: the user's cache directory.
 */
export function pythonRuntime(options: {
  python: string | undefined;
  cacheDir: string | undefined;
}): PredictionRuntime {
  return {
    server: fileURLToPath(server),
    async install(request) {
      const python = options.python === undefined ? await findPython() : await inspectPython(options.python);
      return installPackages(request, python, options.cacheDir);
    },
  };
}
