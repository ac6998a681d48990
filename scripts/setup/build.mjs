import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "./command.mjs";
import { cache, hashOf, root } from "./paths.mjs";

/**
 * Compiles src/ to dist/, unless dist/ was made from the same sources.
 *
 * @param {(detail: string) => void} say
 * @param {AbortSignal} [signal]
 * @returns {Promise<string>} what was done
 */
export async function buildPackage(say, signal) {
  const stamp = join(cache, "build.hash");
  const hash = hashOf(["src", "tsconfig.json", "tsconfig.build.json", "package-lock.json"]);
  if (existsSync(join(root, "dist")) && existsSync(stamp) && readFileSync(stamp, "utf8") === hash) {
    return "dist/ is up to date";
  }
  say("tsc");
  // From scratch: a removed source must leave no output, and the compiler's own record does not notice a missing one.
  for (const path of [stamp, join(cache, "build.tsbuildinfo"), join(root, "dist")])
    rmSync(path, { recursive: true, force: true });
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  await runCommand(process.execPath, [compiler, "-p", "tsconfig.build.json"], {
    say,
    signal,
    failure: "src/ does not compile",
  });
  mkdirSync(cache, { recursive: true });
  writeFileSync(stamp, hash);
  return "src/ compiled to dist/";
}
