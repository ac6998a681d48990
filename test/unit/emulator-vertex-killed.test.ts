import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { expect, it } from "vitest";

const script = fileURLToPath(new URL("emulator-vertex-to-kill.ts", import.meta.url));

it("leaves no model server running when the emulator is killed", async () => {
  const emulator = spawn(process.execPath, ["--import", "tsx", script], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(createInterface({ input: emulator.stdout }), "line")) as [string];
  const { pid, dataDir } = JSON.parse(line) as { pid: number; dataDir: string };
  expect(isRunning(pid)).toBe(true);
  emulator.kill("SIGKILL");
  await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
  await rm(dataDir, { recursive: true, force: true });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
