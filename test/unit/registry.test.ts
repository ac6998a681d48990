import { mkdtemp, mkdir, rm, symlink, writeFile } from "node:fs/promises";
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
  const offer = (module: unknown, name = "found", packageName = "some-package") => ({
    name,
    packageName,
    load: () => {
      if (module instanceof Error) throw module;
      return module;
    },
  });
  const registry = (found: unknown = plugin("found"), name = "found") =>
    new TargetRegistry([plugin("built-in")], () => ({
      targets: [offer(found instanceof Error ? found : { default: found }, name)],
      problems: [],
    }));

  it("of an installed package is loaded when it is first asked for, and once", () => {
    let loads = 0;
    const found = { name: "found", packageName: "p", load: () => ({ plugin: (loads++, plugin("found")) }) };
    const lazy = new TargetRegistry([], () => ({ targets: [found], problems: [] }));
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

  it("is told what it lacks by being registered, also when it is nothing at all or no function", () => {
    const { createClient: _, ...less } = plugin("less");
    expect(() => registry().register(less as never)).toThrow(/target less .* Missing interfaces: createClient\.$/);
    expect(() => registry().register(undefined as never)).toThrow(
      /Missing interfaces: name, createClient, targetHelp, runLocal\.$/,
    );
    expect(() => registry().register({ ...plugin("less"), targetHelp: "help" } as never)).toThrow(
      /Missing interfaces: targetHelp\.$/,
    );
  });

  it.each([
    ["as the module itself, as in MLflow", plugin("found")],
    ["as its export plugin", { plugin: plugin("found"), default: "other" }],
    ["as its default export", { default: plugin("found") }],
  ])("is given by its module %s", (_, module) => {
    const found = new TargetRegistry([], () => ({ targets: [offer(module)], problems: [] })).plugin("found");
    expect(found.targetHelp()).toBe("help of found");
  });

  it.each(["My-Target", "my:target", "1st", "my target", "", "über"])(
    "cannot be registered as %j, which no target URI can name",
    (name) => {
      expect(() => registry().register(plugin(name))).toThrow(
        expect.objectContaining({
          code: "INVALID_PARAMETER_VALUE",
          message: expect.stringContaining(`The target's name ${JSON.stringify(name)} must start with`),
        }),
      );
    },
  );

  it("must have the name that its package offers", () => {
    expect(() => registry(plugin("other")).plugin("found")).toThrow(
      'The package some-package offers the target "found", but its plugin has the name "other". Give both the same name.',
    );
  });

  it("that two packages offer is refused with both their names, until one is registered", () => {
    const both = new TargetRegistry([], () => ({
      targets: [offer(plugin("found")), offer(new Error("was loaded"), "found", "another-package")],
      problems: [],
    }));
    expect(both.names()).toEqual(["found"]);
    expect(() => both.plugin("found")).toThrow(
      expect.objectContaining({
        code: "RESOURCE_CONFLICT",
        message: expect.stringMatching(/the target "found".*some-package and another-package.*registerTarget/),
      }),
    );
    both.register(plugin("found"));
    expect(both.plugin("found").targetHelp()).toBe("help of found");
  });

  it("whose client cannot be made fails with an error of ours", () => {
    const createClient = () => {
      throw new TypeError("settings is undefined");
    };
    expect(() => registry({ ...plugin("found"), createClient }).client("found", {})).toThrow(
      expect.objectContaining({ code: "INTERNAL_ERROR", message: expect.stringMatching(/"found".*settings is undef/) }),
    );
  });

  it("with a top-level await is told that it cannot have one", () => {
    const awaits = Object.assign(new Error("require() cannot be used"), { code: "ERR_REQUIRE_ASYNC_MODULE" });
    expect(() => registry(awaits).plugin("found")).toThrow(
      /Failed to load the plugin "found" of the package some-package: .*top-level await.*registerTarget/,
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

  const offer = (targets: unknown, more: object = {}) =>
    write(
      "node_modules/my-target/package.json",
      JSON.stringify({ name: "my-target", type: "module", mlflowDeployments: { targets }, ...more }),
    );
  const registry = (from = directory) => new TargetRegistry([], () => discoverTargets(from));
  const source = `export const plugin = {
    name: "mine", createClient() {}, targetHelp: () => "help of mine", runLocal() {},
  };`;

  it("are found among the dependencies of the working directory's package, and loaded as ES modules", async () => {
    await offer({ mine: "./plugin.js" });
    await write("node_modules/my-target/plugin.js", "export const plugin = { name: 'mine' };");
    const [target] = discoverTargets(join(directory, "deep/inside")).targets;
    expect(target).toMatchObject({ name: "mine", packageName: "my-target" });
    expect(target?.load()).toMatchObject({ plugin: { name: "mine" } });
  });

  it("are found where the package hides its package.json behind exports", async () => {
    await offer({ mine: "./plugin.js" }, { exports: { ".": "./plugin.js" } });
    await write("node_modules/my-target/plugin.js", source);
    expect(await registry().plugin("mine").targetHelp()).toBe("help of mine");
  });

  it("are found in the node_modules of a workspace above, through a link, with what they import beside them", async () => {
    await write("packages/app/package.json", JSON.stringify({ devDependencies: { "my-target": "1" } }));
    const store = "node_modules/.store/my-target@1/node_modules";
    await write(
      `${store}/my-target/package.json`,
      JSON.stringify({ type: "module", mlflowDeployments: { targets: { mine: "./plugin.js" } } }),
    );
    await write(`${store}/my-target/plugin.js`, `import "beside";\n${source}`);
    await write(`${store}/beside/package.json`, JSON.stringify({ main: "./index.js" }));
    await write(`${store}/beside/index.js`, "");
    await symlink(join(directory, store, "my-target"), join(directory, "node_modules/my-target"));
    expect(await registry(join(directory, "packages/app")).plugin("mine").targetHelp()).toBe("help of mine");
  });

  it("fail with the package's name when their file does not exist", async () => {
    await offer({ mine: "./dist/plugin.js" });
    expect(() => registry().plugin("mine")).toThrow(
      /^Failed to load the plugin "mine" of the package my-target: Cannot find module '.*dist\/plugin\.js'$/,
    );
  });

  it("cannot await at the top level of their module", async () => {
    await offer({ mine: "./plugin.js" });
    await write("node_modules/my-target/plugin.js", `await 0;\n${source}`);
    expect(() => registry().plugin("mine")).toThrow(/of the package my-target: .*top-level await/);
  });

  it.each([
    ["a file outside the package", { mine: "../../evil.js" }, /my-target offers "mine" from "\.\.\/\.\.\/evil\.js"/],
    ["a file that is no path", { mine: 1 }, /my-target offers "mine" from 1/],
    ["a name that no target URI can have", { Mine: "./plugin.js" }, /my-target offers "Mine"/],
    ["no table of names", ["./plugin.js"], /"targets" of my-target/],
  ])("are passed over with %s, and an unknown target says so", async (_, targets, reason) => {
    await offer(targets);
    expect(registry().names()).toEqual([]);
    expect(() => registry().plugin("mine")).toThrow(/^No plugin found .* to "mine"/);
    expect(() => registry().plugin("mine")).toThrow(reason);
  });

  it("are named by an unknown target where a package.json is broken, the dependency's or one's own", async () => {
    await write("node_modules/my-target/package.json", "{");
    expect(() => registry().plugin("mine")).toThrow(/node_modules\/my-target\/package\.json cannot be read: .*JSON/);
    await write("package.json", "[");
    expect(() => registry().plugin("mine")).toThrow(/package\.json cannot be read: .*JSON/);
  });

  it("are none where a dependency is not installed", () => {
    expect(discoverTargets(directory)).toEqual({ targets: [], problems: [] });
  });
});
