import { readdir, readFile } from "node:fs/promises";
import type { BundleFile } from "./archive.js";
import type { Template } from "./render.js";

/** The package's own folder `templates`, which is as far from src/bundle as from dist/bundle. */
const folder = new URL("../../templates/", import.meta.url);

/** One of this package's own templates, or a file that goes into the bundle as it is. */
export async function readTemplate(name: string): Promise<Template> {
  return { name, text: await readText(new URL(name, folder)) };
}

/** The serving runtime, a Python package without subpackages. */
export async function readServingRuntime(): Promise<BundleFile[]> {
  const names = (await readdir(new URL("serving_runtime/", folder))).filter((name) => name.endsWith(".py"));
  return Promise.all(
    names.map(async (name) => {
      const path = `serving_runtime/${name}`;
      return { path, content: await readText(new URL(path, folder)) };
    }),
  );
}

/** A checkout may have Windows' line ends; a bundle never has. */
export async function readText(file: string | URL): Promise<string> {
  const text = new TextDecoder("utf-8", { fatal: true }).decode(await readFile(file));
  return text.replaceAll("\r\n", "\n");
}
