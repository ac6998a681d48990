/** How a container's process is started: its command line and environment. */
import { existsSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join, normalize } from "node:path";

import { childEnvironment } from "../../runtime/process.js";
import type { BuiltImage } from "../images.js";
import { expandVariables } from "./variable-expansion.js";

/** What a process is started from: an image, or what stands for one. */
type RunnableImage = Omit<BuiltImage, "digest">;

/** What runs in a container, and what it is told. */
export interface ContainerConfig {
  image: RunnableImage;
  /** A directory of this process alone, whatever the image or the model's owner calls its home. */
  home: string;
  /** In place of the image's ENTRYPOINT and CMD. */
  command?: readonly string[];
  args?: readonly string[];
  /** Set by the model's owner; each may refer to those before it and to the service's. */
  env: readonly { name: string; value: string }[];
  /** `AIP_*` and the like, which the service sets. */
  serviceEnv: Readonly<Record<string, string>>;
  /** Of this machine rather than of the contract: what replaces a container's own network and storage. */
  hostEnv: Readonly<Record<string, string>>;
}

export interface Launch {
  command: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
}

/** The process that stands for a container: `python` is the image's interpreter, `PYTHONPATH` what was installed in it. */
export function containerLaunch(config: ContainerConfig): Launch {
  const { image } = config;
  const variables: Record<string, string> = { ...config.serviceEnv };
  for (const { name, value } of config.env) variables[name] = expandVariables(value, variables);
  const overriding = config.command && [...config.command, ...(config.args ?? [])];
  const words = overriding?.map((each) => onThisMachine(expandVariables(each, variables), image)) ?? image.command;
  const [name = "", ...args] = words;
  const importPath = variables["PYTHONPATH"]?.split(":").map((each) => onThisMachine(each, image)) ?? [];
  const { PATH: imagePath, ...imageEnv } = image.env;
  const env = childEnvironment({
    PYTHONUNBUFFERED: "1",
    PATH: [dirname(image.python), imagePath, process.env["PATH"]].filter(Boolean).join(delimiter),
    ...imageEnv,
    ...variables,
    PYTHONPATH: [...importPath, ...image.pythonPath].join(delimiter),
    ...config.hostEnv,
    // an image's own, such as /root, is a path of its own file system: here it would be what is this machine's
    HOME: config.home,
  });
  const command = /^(?:.*\/)?python[0-9.]*$/.test(name) ? image.python : name;
  return { command, args, cwd: image.workdir, env };
}

/** A path of the image's own file system, where it is here; any other word of a command as it is. */
function onThisMachine(word: string, { root }: RunnableImage): string {
  const path = join(root, normalize(word));
  return isAbsolute(word) && existsSync(path) ? path : word;
}
