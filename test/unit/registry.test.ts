import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { discoverTargets } from "../../src/core/discovery.js";
import { TargetRegistry } from "../../src/core/registry.js";
import { getDeployClient, listTargets, registerTarget, targetHelp } from "../../src/index.js";
import { mockPlatform } from "../../src/testing/index.js";

const client = { targetUri: "x" } as never;
const plugin = (name: string) => ({
  name,
  createClient: () => client,
  targetHelp: () => `help of ${name}`,
  runLocal: () => Promise.reject(new Error("not asked for")),
});

describe("getDeployClient", () => {
  it("gives the client of a target by its name and by a URI of it", () => {
    const { services } = mockPlatform();
    expect(getDeployClient("aiplatform", { services }).targetUri).toBe("aiplatform");
    expect(getDeployClient("AIPlatform:/acme/europe-west1", { services }).targetUri).toBe(
      "AIPlatform:/acme/europe-west1",
    );
  });

  it("names the installed targets when it knows none of that name", () => {
    expect(() => getDeployClient("sagemaker")).toThrow(
      /^No plugin found for managing model deployments to "sagemaker". The installed targets are: aiplatform/,
    );
  });

  it("says what a legal scheme is when an underscore stands before a colon", () => {
    expect(() => getDeployClient("my_target:/x")).toThrow(/an underscore is not legal before a colon/);
  });

  it("refuses an empty target", () => {
    expect(() => getDeployClient(" ")).toThrow(/The target is empty/);
  });

  it("finds a target that was registered, also one with an underscore", async () => {
    registerTarget(plugin("my_target"));
    expect(getDeployClient("my_target")).toBe(client);
    expect(listTargets()).toContain("my_target");
    expect(await targetHelp("my_target")).toBe("help of my_target");
  });
});

describe("a plugin", () => {
  const registry = (found: unknown = plugin("found"), name = "found") =>
    new TargetRegistry([plugin("built-in")], () => [
      {
        name,
        packageName: "some-package",
        load: () => {
          if (found instanceof Error) throw found;
          return { default: found };
        },
      },
    ]);

  it("of an installed package is loaded when it is first asked for, and once", () => {
    let loads = 0;
    const lazy = new TargetRegistry([], () => [
      { name: "found", packageName: "p", load: () => ({ plugin: (loads++, plugin("found")) }) },
    ]);
    expect(lazy.names()).toEqual(["found"]);
    expect(loads).toBe(0);
    lazy.plugin("found");
    lazy.plugin("found");
    expect(loads).toBe(1);
  });

  it("that lacks something is told what", () => {
    expect(() => registry({ name: "found" }).plugin("found")).toThrow(
      "Plugin registered for the target found does not have all the required interfaces. Missing interfaces: createClient, targetHelp, runLocal.",
    );
  });

  it("that cannot be loaded names itself and its cause", () => {
    const broken = registry(new Error("Cannot find module 'left-pad'"));
    expect(() => broken.plugin("found")).toThrow(
      /Failed to load the plugin "found" of the package some-package: Cannot find module 'left-pad'/,
    );
  });

  it("cannot take the name of a built-in target by being registered", () => {
    expect(() => registry().register(plugin("built-in"))).toThrow(/belongs to a built-in target/);
  });

  it("of an installed package is never loaded in place of a built-in target", () => {
    const impostor = registry(new Error("was loaded"), "built-in");
    expect(impostor.plugin("built-in").targetHelp()).toBe("help of built-in");
  });
});

describe("targets of installed packages", () => {
  let directory: string;
  const write = async (path: string, content: string) => {
    await mkdir(join(directory, path, ".."), { recursive: true });
    await writeFile(join(directory, path), content);
  };

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "discovery-"));
    await write("package.json", JSON.stringify({ dependencies: { "my-target": "1" } }));
    await mkdir(join(directory, "deep/inside"), { recursive: true });
  });
  afterEach(() => rm(directory, { recursive: true }));

  const offer = (targets: object) =>
    write(
      "node_modules/my-target/package.json",
      JSON.stringify({ name: "my-target", type: "module", mlflowDeployments: { targets } }),
    );

  it("are found among the dependencies of the working directory's package, and loaded as ES modules", async () => {
    await offer({ mine: "./plugin.js" });
    await write("node_modules/my-target/plugin.js", "export const plugin = { name: 'mine' };");
    const [target] = discoverTargets(join(directory, "deep/inside"));
    expect(target).toMatchObject({ name: "mine", packageName: "my-target" });
    expect(target?.load()).toMatchObject({ plugin: { name: "mine" } });
  });

  it("are passed over when their file is outside the package", async () => {
    await offer({ mine: "../../evil.js" });
    expect(discoverTargets(directory)).toEqual([]);
  });

  it("are none where a dependency is not installed", async () => {
    expect(discoverTargets(directory)).toEqual([]);
  });
});
