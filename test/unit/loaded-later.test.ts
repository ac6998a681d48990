import { describe, expect, it } from "vitest";

import { loadedLater } from "../../src/core/loaded-later.js";

class Counter {
  #count = 0;

  async add(more: number): Promise<number> {
    return (this.#count += more);
  }
}

describe("a service that is loaded later", () => {
  it("is loaded by its first call, and once", async () => {
    let loads = 0;
    const counter = loadedLater(async () => {
      loads += 1;
      return new Counter();
    }, ["add"]);
    expect(loads).toBe(0);
    expect(await Promise.all([counter.add(1), counter.add(2)])).toEqual([1, 3]);
    expect(loads).toBe(1);
  });

  it("is loaded again by the next call where that failed", async () => {
    let loads = 0;
    const counter = loadedLater(async () => {
      loads += 1;
      if (loads === 1) throw new Error("too many open files");
      return new Counter();
    }, ["add"]);
    await expect(counter.add(1)).rejects.toThrow("too many open files");
    await expect(counter.add(1)).resolves.toBe(1);
  });
});
