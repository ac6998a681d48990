import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { installEnvironment } from "../../src/runtime/child-environment.js";
import { childEnvironment, freePort, run, startProcess } from "../../src/runtime/process.js";

const node = (script: string, ...args: string[]) => ({
  command: process.execPath,
  args: ["-e", script, ...args],
});

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "runtime-process-"));
  vi.stubEnv("MLFLOW_DEPLOYMENTS_CACHE", directory);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true, force: true });
});

/** Whether `pid` runs; a process that nobody has waited for yet is no longer running. */
async function isRunning(pid: number): Promise<boolean> {
  const { lines } = await run({ command: "ps", args: ["-o", "stat=", "-p", String(pid)] });
  return lines.some((state) => state.trim() !== "" && !state.trim().startsWith("Z"));
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("it did not happen within 15 s");
    await sleep(50);
  }
}

describe("run", () => {
  it("reports the exit code and the lines of both outputs", async () => {
    const seen: string[] = [];
    const { code, lines } = await run({
      ...node("console.log('one\\ntwo'); console.error('three'); process.exitCode = 3"),
      onLine: (line, stream) => seen.push(`${stream}: ${line}`),
    });
    expect(code).toBe(3);
    expect(lines.toSorted()).toEqual(["one", "three", "two"]);
    expect(seen.toSorted()).toEqual(["stderr: three", "stdout: one", "stdout: two"]);
  });

  it("passes arguments as they are, without a shell", async () => {
    const { lines } = await run(node("console.log(process.argv[1])", "$HOME; `echo a` 'b' \"c\""));
    expect(lines).toEqual(["$HOME; `echo a` 'b' \"c\""]);
  });

  it("gives the program its input", async () => {
    const { lines } = await run({
      ...node("process.stdin.pipe(process.stdout)"),
      input: "first\nlast",
    });
    expect(lines).toEqual(["first", "last"]);
  });

  it("says which program could not be started", async () => {
    await expect(run({ command: "no-such-program", args: [] })).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("no-such-program"),
    });
  });

  it("rejects as cancelled and stops the program when its signal is aborted", async () => {
    const controller = new AbortController();
    const running = run({
      ...node("console.log('ready'); setInterval(() => {}, 1000)"),
      onLine: () => controller.abort(),
      signal: controller.signal,
    });
    await expect(running).rejects.toMatchObject({ code: "CANCELLED" });
  });

  it("keeps the last thousand lines and cuts endless ones", async () => {
    const { lines } = await run(
      node("process.stdout.write('x'.repeat(100_000) + '\\n'); for (let i = 0; i < 1500; i++) console.log(i)"),
    );
    expect(lines).toHaveLength(1000);
    expect(lines.at(-1)).toBe("1499");
    const { lines: cut } = await run(node("process.stdout.write('x'.repeat(100_000))"));
    expect(Math.max(...cut.map((line) => line.length))).toBeLessThanOrEqual(8192);
    expect(cut.join("")).toHaveLength(100_000);
  });
});

describe("startProcess", () => {
  it("leaves an inherited standard error to the terminal", async () => {
    const child = startProcess({ ...node("console.error(''); console.log('seen')"), stderr: "inherit" });
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(child.lines(10)).toEqual(["seen"]);
  });

  it("stops the program and what the program started", async () => {
    const parent = startProcess(
      node(`
        const child = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
        console.log(child.pid);
        setInterval(() => {}, 1000);
      `),
    );
    await until(async () => parent.lines(1).length > 0);
    const grandchild = Number(parent.lines(1)[0]);
    expect(await isRunning(grandchild)).toBe(true);
    await parent.stop();
    expect(await parent.exited).toEqual({ code: null, signal: "SIGTERM" });
    await until(async () => !(await isRunning(grandchild)));
  });

  it("kills a program that does not listen to the request to end", async () => {
    const stubborn = startProcess(
      node("process.on('SIGTERM', () => {}); console.log('ready'); setInterval(() => {}, 1000)"),
    );
    await until(async () => stubborn.lines(1)[0] === "ready");
    await stubborn.stop(50);
    expect(await stubborn.exited).toEqual({ code: null, signal: "SIGKILL" });
  });

  it("leaves nothing running when its own process is killed", async () => {
    const script = join(directory, "parent.mts");
    const module = pathToFileURL(join(import.meta.dirname, "../../src/runtime/process.ts"));
    await writeFile(
      script,
      `import { startProcess } from ${JSON.stringify(module.href)};
       const child = startProcess({
         command: process.execPath,
         args: ["-e", "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('ready')"],
         onLine: () => console.log(process.pid, child.pid),
       });`,
    );
    const parent = startProcess({ command: process.execPath, args: ["--import", "tsx", script] });
    await until(async () => /^\d+ \d+$/.test(parent.lines(1)[0] ?? ""));
    const [pid = 0, grandchild = 0] = (parent.lines(1)[0] ?? "").split(" ").map(Number);
    expect(await isRunning(grandchild)).toBe(true);
    process.kill(pid, "SIGKILL");
    await parent.exited;
    await until(async () => !(await isRunning(grandchild)));
  });
});

describe("childEnvironment", () => {
  afterEach(() => vi.stubEnv("MLFLOW_DEPLOYMENTS_CACHE", directory));

  it("keeps the parent's credentials and home from a child", async () => {
    for (const name of ["GOOGLE_APPLICATION_CREDENTIALS", "AWS_SECRET_ACCESS_KEY", "MLFLOW_TRACKING_TOKEN"]) {
      vi.stubEnv(name, "top-secret");
    }
    vi.stubEnv("CLOUDSDK_CONFIG", "/top-secret");
    const { lines } = await run(node("console.log(JSON.stringify(process.env))"));
    const seen = JSON.parse(lines.join("")) as Record<string, string>;
    expect(Object.values(seen).join("\n")).not.toContain("top-secret");
    expect(seen["PATH"]).toBe(process.env["PATH"]);
    expect(seen["HOME"]).toBe(join(directory, "home"));
  });

  it("lets the caller add variables and choose the home", () => {
    expect(childEnvironment({ AIP_HTTP_PORT: "8080", HOME: "/elsewhere" })).toMatchObject({
      AIP_HTTP_PORT: "8080",
      HOME: "/elsewhere",
    });
  });
});

describe("installEnvironment", () => {
  it("has the home that was made for the installation", () => {
    expect(installEnvironment("/elsewhere")).toMatchObject({ HOME: "/elsewhere", USERPROFILE: "/elsewhere" });
  });
});

describe("freePort", () => {
  it("gives a port that a server can listen on", async () => {
    const server = createServer();
    const port = await freePort();
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
    expect(server.listening).toBe(true);
    server.close();
  });
});
