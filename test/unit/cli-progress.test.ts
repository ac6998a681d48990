import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { LiveProgress } from "../../src/cli/progress/live-progress.js";
import { PlainProgress } from "../../src/cli/progress/plain-progress.js";
import { duration, size } from "../../src/cli/progress/wording.js";
import type { CreatedDeployment } from "../../src/core/deployment.js";
import type { ProgressEvent } from "../../src/core/progress.js";
import { FakeTerminal } from "../support/fake-terminal.js";
import { registerFakeTarget } from "../support/fake-target.js";
import { runCli } from "../support/run-cli.js";

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

const step = (status: "started" | "done" | "skipped", message: string, name = "upload" as const): ProgressEvent => ({
  type: "step",
  step: name,
  status,
  message,
});
const transfer = (bytes: number): ProgressEvent => ({
  type: "transfer",
  step: "upload",
  bytes,
  totalBytes: 40_000_000,
  files: 1,
  totalFiles: 4,
});
const operation = (stage: string, elapsedSeconds: number): ProgressEvent => ({
  type: "operation",
  step: "deploy",
  operation: "operations/1",
  stage,
  elapsedSeconds,
});

describe("progress on a terminal", () => {
  const start = (columns: number, env: Record<string, string> = {}) => {
    const terminal = new FakeTerminal(columns);
    const isTerminal = { stdin: true, stdout: true, stderr: true };
    const io = { draw: (text: string) => terminal.write(text), columns: () => terminal.columns, env, isTerminal };
    return { terminal, progress: new LiveProgress(io as never) };
  };

  it("redraws the running steps in place, and leaves the finished ones above", () => {
    const { terminal, progress } = start(90);
    progress.onEvent(step("started", "to gs://acme"));
    progress.onEvent(transfer(0));
    vi.advanceTimersByTime(2000);
    progress.onEvent(transfer(10_000_000));
    vi.advanceTimersByTime(80);
    expect(terminal.screen).toEqual([
      expect.stringMatching(/^ {2}. Upload {11}█{5}░{15} 25% {2}10\.0 MB of 40\.0 MB {2}4\.8 MB\/s {9}2\.1 s$/u),
    ]);
    progress.onEvent(operation("STARTING_MODEL_SERVER", 75));
    vi.advanceTimersByTime(80);
    expect(terminal.screen[1]).toMatch(/^ {2}. Deploy {11}STARTING_MODEL_SERVER, 1m 15s {3,}0\.1 s$/u);
    progress.onEvent(step("done", "4 files"));
    expect(terminal.screen).toEqual([
      expect.stringMatching(/^ {2}✓ Upload {11}4 files {10,}2\.2 s$/),
      expect.stringMatching(/^ {2}. Deploy/u),
    ]);
    expect(terminal.cursorIsHidden).toBe(true);
    progress.stop(true);
    expect(terminal.screen).toEqual([expect.stringMatching(/^ {2}✓ Upload/)]);
    expect(terminal.cursorIsHidden).toBe(false);
  });

  it("turns its spinner while nothing happens", () => {
    const { terminal, progress } = start(80);
    progress.onEvent(step("started", "to gs://acme"));
    const signs = new Set<string | undefined>();
    for (let frame = 0; frame < 5; frame++) {
      vi.advanceTimersByTime(80);
      signs.add(terminal.screen[0]?.[2]);
    }
    progress.stop(true);
    expect(signs.size).toBe(5);
  });

  it("marks what was running when the call failed, with what it said last", () => {
    const { terminal, progress } = start(80);
    progress.onEvent(step("started", "to gs://acme"));
    progress.onEvent({ type: "log", step: "upload", line: "connection \u001B[31mreset\u0007" });
    progress.stop(false);
    expect(terminal.screen).toEqual([expect.stringMatching(/^ {2}✗ Upload {11}connection reset {5,}0\.0 s$/)]);
    expect(terminal.written).not.toContain("\u0007");
  });

  it("keeps warnings and notes, in lines that fit", () => {
    const { terminal, progress } = start(40);
    progress.onEvent({ type: "warning", message: "this goes on for longer than a line of the terminal has room" });
    progress.note("Stopping.");
    progress.stop(true);
    expect(terminal.screen).toEqual([
      "  ! this goes on for longer than a line",
      "    of the terminal has room",
      "  ! Stopping.",
    ]);
  });

  it.each([20, 30, 56, 57, 80, 200])("never draws a line that wraps, on %d columns", (columns) => {
    const { terminal, progress } = start(columns);
    progress.onEvent(step("started", "資料をアップロードしています ".repeat(20)));
    progress.onEvent(operation("A_VERY_LONG_STAGE_OF_AN_OPERATION_THAT_DOES_NOT_FIT_ANYWHERE".repeat(4), 5));
    vi.advanceTimersByTime(80);
    expect(terminal.screen).toHaveLength(2);
    progress.onEvent(transfer(10));
    vi.advanceTimersByTime(80);
    expect(terminal.screen).toHaveLength(2);
    progress.stop(true);
    expect(terminal.screen).toEqual([""]);
  });

  it("paints by default, and not with NO_COLOR", () => {
    for (const [env, painted] of [
      [{}, true],
      [{ NO_COLOR: "1" }, false],
    ] as const) {
      const { terminal, progress } = start(80, env);
      progress.onEvent(step("done", "4 files"));
      progress.stop(true);
      expect(terminal.written.includes("\u001B[32m✓\u001B[0m")).toBe(painted);
    }
  });
});

describe("progress in a log", () => {
  const start = () => {
    const lines: string[] = [];
    return { lines, progress: new PlainProgress({ err: (line: string) => lines.push(line) } as never) };
  };

  it("is one line an event", () => {
    const { lines, progress } = start();
    progress.onEvent(step("started", "to gs://acme"));
    vi.advanceTimersByTime(1500);
    progress.onEvent(step("done", "4 files"));
    progress.onEvent({ type: "log", step: "image", line: "Step 1\u001B[0m\n" });
    progress.onEvent({ type: "warning", message: "mind the gap" });
    progress.onEvent(step("skipped", "is there"));
    expect(lines).toEqual([
      "upload: started: to gs://acme",
      "upload: done: 4 files (1.5 s)",
      "image: | Step 1",
      "warning: mind the gap",
      "upload: skipped: is there",
    ]);
  });

  it("says of a transfer its start, its end, and how far it is every ten seconds", () => {
    const { lines, progress } = start();
    for (const bytes of [0, 1e6, 2e6]) progress.onEvent(transfer(bytes));
    vi.advanceTimersByTime(10_000);
    for (const bytes of [20e6, 21e6, 40e6]) progress.onEvent(transfer(bytes));
    expect(lines).toEqual([
      "upload: 0 B of 40.0 MB (0%), 1 of 4 files",
      "upload: 20.0 MB of 40.0 MB (50%), 1 of 4 files",
      "upload: 40.0 MB of 40.0 MB (100%), 1 of 4 files",
    ]);
  });

  it("says of an operation each new stage", () => {
    const { lines, progress } = start();
    for (const [stage, seconds] of [
      ["A", 1],
      ["A", 2],
      ["B", 3],
    ] as const)
      progress.onEvent(operation(stage, seconds));
    expect(lines).toEqual(["deploy: A, 1.0 s", "deploy: B, 3.0 s"]);
  });
});

describe("a command that takes long", () => {
  const create = ["create", "-t", "fake", "--name", "x", "-m", "m"];
  beforeEach(() => {
    registerFakeTarget("fake", {
      createDeployment: async ({ onProgress } = {}) => {
        onProgress?.(step("done", "4 files"));
        return { name: "x", flavor: null } as CreatedDeployment;
      },
    });
  });

  it("shows its progress on standard error only", async () => {
    expect(await runCli(create)).toEqual({
      code: 0,
      out: ["\nNone deployment x is created"],
      err: ["upload: done: 4 files"],
    });
  });

  it.each([
    [{ TERM: "xterm" }, true],
    [{ TERM: "dumb" }, false],
    [{ CI: "true" }, false],
  ])("redraws on a terminal with the environment %j: %s", async (env, live) => {
    const terminal = new FakeTerminal();
    await runCli(create, undefined, { terminal, env });
    expect(terminal.written.includes("\u001B[J")).toBe(live);
    expect(terminal.screen.at(-1)).toBe("None deployment x is created");
  });

  it("ends as interrupted after Ctrl-C, once it has stopped", async () => {
    const interruption = new AbortController();
    let stopped = false;
    const calls = registerFakeTarget("fake", {
      createDeployment: async ({ signal } = {}) => {
        await new Promise((resolve) => signal?.addEventListener("abort", resolve));
        stopped = true;
        throw Object.assign(new Error("aborted"), { name: "AbortError" });
      },
    });
    const running = runCli(create, undefined, { signal: interruption.signal });
    await vi.waitFor(() => expect(calls).toHaveLength(2));
    interruption.abort();
    const { code, out, err } = await running;
    expect([code, out, stopped]).toEqual([130, [], true]);
    expect(err).toEqual([
      "Stopping. Ctrl-C again exits at once.",
      "Error: The command was cancelled.",
      "Code: CANCELLED",
      "Hint: The same command again goes on where it stopped.",
    ]);
  });
});

describe("words of progress", () => {
  it("says sizes and times for a person", () => {
    expect([0, 999, 1000, 999_949, 999_950, 2.7e9].map(size)).toEqual([
      "0 B",
      "999 B",
      "1.0 kB",
      "999.9 kB",
      "1.0 MB",
      "2.7 GB",
    ]);
    expect([0, 59.94, 60, 3599, 3720].map(duration)).toEqual(["0.0 s", "59.9 s", "1m 00s", "59m 59s", "1h 02m"]);
  });
});
