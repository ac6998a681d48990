import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../support/run-cli.js";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "cli-emulator-"));
});
afterAll(async () => rm(directory, { recursive: true, force: true }));

/** Runs the emulator until `use` is done with it, and returns what it answered there besides what was printed. */
async function withEmulator<T>(argv: readonly string[], use: (url: string) => Promise<T>) {
  let used: Promise<T> | undefined;
  const result = await runCli(["emulator", "--port", "0", ...argv], (line, end) => {
    const host = line.replace("export AIPLATFORM_EMULATOR_HOST=", "");
    used = use(`http://${host}`).finally(end);
  });
  return { ...result, answer: await used };
}

describe("the emulator command", () => {
  it("prints the variable that points the package at it, and stops when asked to", async () => {
    const { code, out, answer } = await withEmulator([], async (url) => url);
    expect(code).toBe(0);
    expect(out).toEqual([expect.stringMatching(/^export AIPLATFORM_EMULATOR_HOST=127\.0\.0\.1:\d+$/)]);
    await expect(fetch(`${answer}/storage/v1/b?project=emulator`)).rejects.toThrow("fetch failed");
  });

  it("makes the buckets that were asked for, in their locations", async () => {
    const { answer } = await withEmulator(
      ["--bucket", "acme-models:europe-west1", "--bucket", "acme-data"],
      async (url) => {
        const listed = await fetch(`${url}/storage/v1/b?project=emulator`);
        return (await listed.json()) as { items: { name: string; location: string }[] };
      },
    );
    expect(answer?.items.map(({ name, location }) => [name, location])).toEqual([
      ["acme-data", "US"],
      ["acme-models", "EUROPE-WEST1"],
    ]);
  });

  it("keeps its buckets in the data directory, where the next one finds them", async () => {
    const dataDir = join(directory, "data");
    await withEmulator(["--data-dir", dataDir, "--bucket", "acme-models"], async () => {});
    const { code, answer } = await withEmulator(["--data-dir", dataDir, "--bucket", "acme-models"], async (url) => {
      return (await fetch(`${url}/storage/v1/b/acme-models`)).status;
    });
    expect([code, answer]).toEqual([0, 200]);
  });

  it("records the requests that it gets", async () => {
    const record = join(directory, "requests.jsonl");
    await withEmulator(["--record", record], async (url) => fetch(`${url}/storage/v1/b/absent-bucket`));
    const lines = (await readFile(record, "utf8")).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual(
      expect.objectContaining({ method: "GET", path: "/storage/v1/b/absent-bucket", status: 404 }),
    );
  });

  it("says that its port is taken and exits with 1", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const { code, out, err } = await runCli(["emulator", "--port", String(port)]);
    other.close();
    expect([code, out]).toEqual([1, []]);
    expect(err).toEqual([
      `Error: Port ${port} of this machine is taken, perhaps by another emulator. Stop it, or choose another port.`,
      "Code: RESOURCE_CONFLICT",
    ]);
  });

  it.each([
    ["a bucket's name", ["--bucket", "B_AD"], "INVALID_PARAMETER_VALUE", /B_AD/],
    ["the Python interpreter", ["--python", "/no/python"], "FAILED_PRECONDITION", /\/no\/python/],
  ])("is refused at once, without variable, where %s is wrong", async (_, argv, errorCode, message) => {
    const { code, out, err } = await runCli(["emulator", "--port", "0", ...argv]);
    expect([code, out]).toEqual([1, []]);
    expect(err).toContain(`Code: ${errorCode}`);
    expect(err.find((line) => line.startsWith("Error: "))).toMatch(message);
  });
});
