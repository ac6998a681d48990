import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { parseTargetUri } from "../../src/core/target-uri.js";
import { targetHelp } from "../../src/index.js";
import { loadSettings } from "../../src/targets/local/config/load-settings.js";
import { localSettings } from "../../src/targets/local/config/settings.js";
import { DataDirectory } from "../../src/targets/local/state/data-directory.js";
import type { LocalRecord } from "../../src/targets/local/state/record.js";
import { bundleName, deploymentSpec, specSettings } from "../../src/targets/local/spec.js";
import { describeSettings } from "../../src/targets/settings/help.js";
import { lastLines, LogFile } from "../../src/targets/local/supervisor/log-file.js";

const load = (config: object, env: NodeJS.ProcessEnv = {}, uri = "local") =>
  loadSettings({ target: parseTargetUri(uri), env, callConfig: config }).settings;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "local-state-"));
});
afterAll(() => rm(directory, { recursive: true }));

describe("the settings of the local target", () => {
  it("come from config and from the environment", () => {
    const env = { MLFLOW_TRACKING_URI: "http://localhost:5000", MLFLOW_DEPLOYMENTS_LOCAL_DIR: "/data", tmp_dir: "/t" };
    expect(load({ start_timeout: "60" }, env)).toEqual({
      trackingUri: "http://localhost:5000",
      dataDir: "/data",
      tmpDir: "/t",
      startTimeout: 60,
      port: 0,
      env: {},
      checkInputs: true,
    });
  });

  it.each([
    [{ pythn: "x" }, /"pythn" in config is no setting of the local target. Did you mean python\?/],
    [{ port: 65_536 }, /port .* must be at most 65535/],
    [{ env: { AIP_HTTP_PORT: "1" } }, /env .* AIP_/],
  ])("refuse %j and say what is allowed", (config, message) => {
    expect(() => load(config)).toThrow(message);
  });

  it("are not in the target's URI", () => {
    expect(() => load({}, {}, "local:/a")).toThrow(/its settings are given as config/);
  });

  it("are all in the target's help", async () => {
    const help = await targetHelp("local");
    for (const name of [
      "predictionScript",
      "setupFile",
      ...Object.keys(load({ python: "p", dataDir: "d", tmpDir: "t" })),
    ])
      expect(help).toContain(name);
  });

  it("are all documented in docs/local.md, with their variables", async () => {
    const page = await readFile(new URL("../../docs/local.md", import.meta.url), "utf8");
    for (const { name, env } of describeSettings(localSettings).flatMap(({ settings }) => settings)) {
      const row = page.split("\n").find((line) => line.startsWith(`\`${name}\` |`));
      expect(row).toBeDefined();
      for (const variable of env) expect(row).toContain(`\`${variable}\``);
    }
  });
});

describe("a spec", () => {
  const parts = { modelHash: "m", environmentHash: "e", modelUri: "models:/iris/1", flavor: null };
  const hash = (config: object, changed: object = {}, name = "tester") =>
    deploymentSpec(name, { ...parts, ...changed }, specSettings(load(config))).specHash;

  it("is another for what is served otherwise, and the same for what is not", () => {
    const others = [
      hash({}, {}, "other"),
      hash({}, { modelHash: "n" }),
      hash({}, { environmentHash: "f" }),
      hash({}, { flavor: "sklearn" }),
      hash({ env: { A: "1" } }),
      hash({ env: { A: "2" } }),
      hash({ port: 8080 }),
      hash({ python: "python3.12" }),
    ];
    expect(new Set([hash({}), ...others]).size).toBe(others.length + 1);
    expect(hash({ startTimeout: 5, trackingUri: "http://b" }, { modelUri: "runs:/1/model" })).toBe(hash({}));
  });

  it("holds no value of a variable, and has a bundle for each interpreter", () => {
    const spec = (config: object) => deploymentSpec("tester", parts, specSettings(load(config)));
    expect(JSON.stringify(spec({ env: { A: "s3cret" } }))).not.toContain("s3cret");
    expect(bundleName(spec({ env: { A: "1" } }))).toBe(bundleName(spec({})));
    expect(bundleName(spec({ python: "python3.12" }))).not.toBe(bundleName(spec({})));
  });
});

describe("the data directory", () => {
  const record = (name: string): LocalRecord => ({
    schemaVersion: 1,
    name,
    spec: deploymentSpec(
      name,
      { modelHash: "m", environmentHash: "e", modelUri: "x", flavor: null },
      specSettings(load({})),
    ),
    previous: null,
    createTime: "2026-11-24T12:00:00Z",
    completedAt: null,
    pending: null,
    history: [],
  });

  it("has a directory for every name, whatever is in it, and lists them by name", async () => {
    const data = new DataDirectory(join(directory, "names"));
    await data.make();
    const names = ["../evil", "A", "a", "zwölf/€", "con", "x".repeat(128)];
    for (const name of names) {
      const deployment = data.deployment(name);
      await deployment.make();
      await deployment.writeRecord(record(name));
    }
    expect((await data.list()).map(({ name }) => name)).toEqual(names.toSorted());
    expect(await readdir(join(directory, "names", "deployments"))).toHaveLength(names.length);
    expect(await readdir(directory)).not.toContain("evil");
  });

  it("keeps the newest of a long history, and says which record it cannot read", async () => {
    const deployment = new DataDirectory(join(directory, "history")).deployment("old");
    await deployment.make();
    const entry = {
      at: "",
      action: "update",
      outcome: "succeeded",
      specHash: "",
      modelUri: "",
      modelVersionId: null,
    } as const;
    const history = Array.from({ length: 150 }, (_, index) => ({ ...entry, message: String(index) }));
    await deployment.writeRecord({ ...record("old"), history });
    const kept = (await deployment.readRecord())?.history.map(({ message }) => message);
    expect([kept?.length, kept?.at(-1)]).toEqual([100, "149"]);
    await writeFile(join(deployment.path, "deployment.json"), '{"schemaVersion": 2}');
    await expect(deployment.readRecord()).rejects.toThrow(/old-\w+\/deployment\.json cannot be read by this version/);
  });

  it("is empty where it is not there, and says what to set where it cannot be made", async () => {
    expect(await new DataDirectory(join(directory, "nowhere")).list()).toEqual([]);
    await writeFile(join(directory, "file"), "");
    await expect(new DataDirectory(join(directory, "file", "data")).make()).rejects.toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
      message: expect.stringContaining("Set dataDir (MLFLOW_DEPLOYMENTS_LOCAL_DIR)") as string,
    });
  });
});

describe("a log file", () => {
  it("gives its last lines over its two files, which stay small", async () => {
    const log = new LogFile(directory);
    const line = "x".repeat(1024);
    for (let number = 0; number < 12_000; number++) log.write(`${number} ${line}`);
    expect(await lastLines(directory, 2)).toEqual([`11998 ${line}`, `11999 ${line}`]);
    const many = await lastLines(directory, 6000);
    expect(many).toHaveLength(6000);
    expect(many[0]).toBe(`6000 ${line}`);
    expect((await readdir(directory)).filter((name) => name.startsWith("server.log"))).toHaveLength(2);
    expect(await lastLines(directory, 0)).toEqual([]);
    expect(await lastLines(join(directory, "none"), 5)).toEqual([]);
  });

  it("goes on where an earlier supervisor has ended", async () => {
    new LogFile(directory).write("again");
    expect((await lastLines(directory, 2)).at(-1)).toBe("again");
    expect((await lastLines(directory, 2))[0]).toMatch(/^11999 /);
  });
});
