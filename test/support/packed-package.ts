import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));

/** Makes `project` a project that has this package installed from its packed tarball. */
export async function installPacked(project: string): Promise<void> {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  await run(process.execPath, [tsc, "-p", "tsconfig.build.json", "--incremental", "false"], { cwd: root });
  await writeFile(join(project, "package.json"), JSON.stringify({ name: "scratch", private: true }));
  await install(project, root);
}

/** Packs the package of a folder, and installs it in `project`. */
export async function install(project: string, folder: string): Promise<void> {
  const { stdout } = await run("npm", ["pack", "--silent", "--pack-destination", project], { cwd: folder });
  const tarball = stdout.trim();
  await run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", `./${tarball}`], { cwd: project });
}
