import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type ContainerConfig, containerLaunch } from "../../src/emulator/containers/launch.js";
import { runInImage } from "../../src/emulator/build/run.js";
import { expandVariables } from "../../src/emulator/containers/variable-expansion.js";
import { container, fakeImage, startVertex } from "./emulator-vertex-fixture.js";

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "emulator-image-"));
  await writeFile(join(root, "serve.py"), "");
});
afterAll(() => rm(root, { recursive: true, force: true }));

const launch = (config: Partial<ContainerConfig> = {}) =>
  containerLaunch({
    image: { ...fakeImage(), root },
    home: "/home-of-this-container",
    env: [],
    serviceEnv: {},
    hostEnv: {},
    ...config,
  });

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

  it("has the home that it is given, whatever the image and the model's owner say", () => {
    const image = { ...fakeImage(), root, env: { HOME: "/root" } };
    expect(launch({ image, env: [{ name: "HOME", value: "/tmp" }] }).env["HOME"]).toBe("/home-of-this-container");
  });

  it("has no PYTHONPATH that hides what was installed", () => {
    const { env } = launch({ env: [{ name: "PYTHONPATH", value: "/serve.py:/missing" }] });
    expect(env["PYTHONPATH"]).toBe([join(root, "serve.py"), "/missing", "/nowhere"].join(delimiter));
  });
});

describe("the home of a build", () => {
  it("is its own, whatever the Dockerfile says", async () => {
    const { python } = fakeImage();
    const draft = {
      root,
      python: { path: python, version: "3.11.7" },
      requirements: { lines: [], constraints: [] },
      pythonPath: [],
      workdir: "/",
      env: { HOME: "/tmp" },
      args: { HOME: "/tmp" },
      entrypoint: [],
      command: [],
    };
    const lines: string[] = [];
    const context = {
      directory: root,
      buildArgs: {},
      givenPython: undefined,
      home: "/home-of-this-build",
      cacheDir: undefined,
      onLine: (line: string) => void lines.push(line),
      signal: new AbortController().signal,
    };
    const exec = ["python", "-e", "console.log(process.env.HOME)"];
    await runInImage({ keyword: "RUN", text: "", exec, line: 1 }, draft, context);
    expect(lines).toEqual(["/home-of-this-build"]);
  });
});

describe("the home of a container", () => {
  it("is its own, and goes with it", async () => {
    const vertex = await startVertex();
    const homes = join(vertex.dataDir, "homes");
    try {
      const seen: string[] = [];
      for (const id of ["first", "second"]) {
        const endpoint = await vertex.createEndpoint({}, id);
        await vertex.deploy(endpoint, await vertex.upload());
        const { json } = await vertex.predict(endpoint, { instances: [1], parameters: { reply: "env" } });
        seen.push(json["predictions"][0].HOME);
      }
      expect(seen.toSorted()).toEqual((await readdir(homes)).map((name) => join(homes, name)).toSorted());
      expect(new Set(seen).size).toBe(2);
    } finally {
      await vertex.stop({ keep: true });
    }
    expect(await readdir(homes)).toEqual([]);
    await rm(vertex.dataDir, { recursive: true });
  });

  it("is left by none that did not start", async () => {
    const vertex = await startVertex();
    try {
      const endpoint = await vertex.createEndpoint();
      for (const spec of [container({ mode: "exit" }), container({ command: ["/no/such/program"] })]) {
        const { error } = await vertex.deploy(endpoint, await vertex.upload({ containerSpec: spec }));
        expect(error?.message).toContain("Model server exited unexpectedly.");
      }
      expect(await readdir(join(vertex.dataDir, "homes"))).toEqual([]);
    } finally {
      await vertex.stop();
    }
  });
});
