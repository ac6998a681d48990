import { mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { withDirectoryLock } from "../../src/runtime/directory-lock.js";

let directory: string;
let lock: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "runtime-lock-"));
  lock = join(directory, "lock");
});

afterEach(async () => {
  vi.useRealTimers();
  await rm(directory, { recursive: true });
});

async function lockOfAnother(pid: number): Promise<void> {
  await mkdir(lock);
  await writeFile(join(lock, "owner.json"), JSON.stringify({ pid, host: hostname(), id: "another" }));
}

const hoursAgo = async (hours: number) => {
  const then = new Date(Date.now() - hours * 3_600_000);
  await utimes(lock, then, then);
};

describe("a directory lock", () => {
  it("is renewed while its owner works, so that nobody takes it for left behind", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    await withDirectoryLock(lock, {}, async () => {
      await hoursAgo(1);
      vi.advanceTimersByTime(60_000);
      await vi.waitFor(async () => expect(Date.now() - (await stat(lock)).mtimeMs).toBeLessThan(60_000));
    });
  });

  it("is given back at the end, also by work that fails", async () => {
    const failing = withDirectoryLock(lock, {}, () => Promise.reject(new Error("no wheel")));
    await expect(failing).rejects.toThrow("no wheel");
    await expect(stat(lock)).rejects.toThrow("ENOENT");
  });

  it("stays with the one that took it over, when its former owner ends", async () => {
    await withDirectoryLock(lock, {}, async () => {
      await rm(lock, { recursive: true });
      await lockOfAnother(process.ppid);
    });
    expect(await readFile(join(lock, "owner.json"), "utf8")).toContain("another");
  });

  it.each([
    ["whose owner is gone", 2 ** 22 + 1, 0],
    ["that was not renewed for an hour", process.ppid, 1],
  ])("%s is taken over", async (_which, pid, hours) => {
    await lockOfAnother(pid);
    await hoursAgo(hours);
    expect(await withDirectoryLock(lock, {}, async () => "done")).toBe("done");
  });

  it("is waited for while its owner works", async () => {
    await lockOfAnother(process.ppid);
    const waitedFor: string[] = [];
    const onWait = (owner: string) => {
      waitedFor.push(owner);
      void rm(lock, { recursive: true });
    };
    expect(await withDirectoryLock(lock, { onWait }, async () => "done")).toBe("done");
    expect(waitedFor).toEqual([`process ${process.ppid}`]);
  });
});
