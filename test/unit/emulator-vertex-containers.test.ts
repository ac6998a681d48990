import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type ContainerConfig, containerLaunch } from "../../src/emulator/containers/launch.js";
import { expandVariables } from "../../src/emulator/containers/variable-expansion.js";
import { fakeImage } from "./emulator-vertex-fixture.js";

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "emulator-image-"));
  await writeFile(join(root, "serve.py"), "");
});
afterAll(() => rm(root, { recursive: true, force: true }));

const launch = (config: Partial<ContainerConfig> = {}) =>
  containerLaunch({ image: { ...fakeImage(), root }, env: [], serviceEnv: {}, hostEnv: {}, ...config });

describe("variables in a command", () => {
  it("are replaced, kept when unknown, and escaped by a second dollar", () => {
    const variables = { A: "1", B: "$(A)" };
    expect(expandVariables("$(A)-$(B)-$(C)-$$(A)-$A-$$$(A)", variables)).toBe("1-$(A)-$(C)-$(A)-$A-$1");
  });
});

describe("the process of a container", () => {
  it("runs the image's interpreter for python, and its own command by default", () => {
    expect(launch().command).toBe(process.execPath);
    expect(launch({ command: ["/usr/local/bin/python3.11", "-V"] })).toMatchObject({
      command: process.execPath,
      args: ["-V"],
    });
    expect(launch({ command: ["sh", "-c", "true"] })).toMatchObject({ command: "sh", args: ["-c", "true"] });
  });

  it("finds paths of the image where they are on this machine, and no path outside it", () => {
    const { args } = launch({ command: ["python", "/serve.py", "/missing.py", "/../../../../etc/hosts"] });
    expect(args).toEqual([join(root, "serve.py"), "/missing.py", "/../../../../etc/hosts"]);
  });

  it("has variables that refer to earlier ones and to the service's, not to the image's", () => {
    const env = [
      { name: "FIRST", value: "$(AIP_MODE)" },
      { name: "SECOND", value: "$(FIRST) $(THIRD) $(FROM_IMAGE)" },
      { name: "THIRD", value: "3" },
    ];
    expect(launch({ env, serviceEnv: { AIP_MODE: "PREDICTION" } }).env).toMatchObject({
      FIRST: "PREDICTION",
      SECOND: "PREDICTION $(THIRD) $(FROM_IMAGE)",
    });
  });

  it("has neither this user's home nor a PYTHONPATH that hides what was installed", () => {
    const image = { ...fakeImage(), root, env: { HOME: "/root" } };
    expect(launch({ image }).env["HOME"]).not.toBe("/root");
    expect(launch({ image }).env["HOME"]).not.toBe(homedir());
    const { env } = launch({ image, env: [{ name: "PYTHONPATH", value: "/serve.py:/missing" }] });
    expect(env["PYTHONPATH"]).toBe([join(root, "serve.py"), "/missing", "/nowhere"].join(delimiter));
  });
});
