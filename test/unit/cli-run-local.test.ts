import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import type { LocalServer } from "../../src/core/local-server.js";
import { registerFakeTarget } from "../support/fake-target.js";
import { runCli } from "../support/run-cli.js";

const argv = ["run-local", "-t", "fake:/acme", "--name", "tester", "-m", "models:/iris/1"];

function served(exited: LocalServer["exited"] = new Promise(() => {})) {
  const seen = { stops: 0, options: {} as Record<string, unknown>, target: "" };
  registerFakeTarget("fake", {
    runLocal: async (target, options) => {
      Object.assign(seen, { options, target: target.uri });
      const stop = async () => void seen.stops++;
      return { name: "tester", url: "http://127.0.0.1:5000", port: 5000, exited, stop } as unknown as LocalServer;
    },
  });
  return seen;
}

describe("run-local", () => {
  it("says where the model is served, and stops it when asked to", async () => {
    const seen = served();
    const { code, out } = await runCli([...argv, "--port", "5000", "-C", "python=python3"], (_, end) => end());
    expect([code, out]).toEqual([0, ["\nNone deployment tester is served at http://127.0.0.1:5000"]]);
    expect(seen).toMatchObject({
      stops: 1,
      target: "fake:/acme",
      options: { name: "tester", modelUri: "models:/iris/1", port: 5000, config: { python: "python3" } },
    });
  });

  it("takes settings of a file, but for those of -C in either spelling", async () => {
    const directory = await mkdtemp(join(tmpdir(), "cli-run-local-"));
    const path = join(directory, "config.yaml");
    await writeFile(path, "machine_type: a\nmodel_name: b\n");
    const seen = served();
    await runCli([...argv, "--config-file", path, "-C", "machineType=c"], (_, end) => end());
    await rm(directory, { recursive: true });
    expect(seen.options["config"]).toEqual({ machineType: "c", model_name: "b" });
  });

  it("says it as JSON", async () => {
    served();
    const { out } = await runCli([...argv, "--json"], (_, end) => end());
    expect(out.map((line) => JSON.parse(line) as unknown)).toEqual([
      { type: "result", result: { name: "tester", url: "http://127.0.0.1:5000", port: 5000 } },
    ]);
  });

  it("fails with the server's last lines when it ends by itself", async () => {
    const seen = served(Promise.resolve({ stopped: false, lastLines: ["Traceback", "MemoryError"] }));
    const { code, err } = await runCli(argv);
    expect(code).toBe(1);
    expect(err).toContain('Error: The server of "tester" has ended by itself. It said last:\nTraceback\nMemoryError');
    expect(seen.stops).toBe(1);
  });
});
