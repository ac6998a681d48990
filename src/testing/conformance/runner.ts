/** What the suite is written with, of vitest, jest, or any runner with these functions. */
export interface TestRunner {
  /** A group of tests, which `define` adds. */
  describe(name: string, define: () => void): unknown;
  /** One test. @param timeout - Milliseconds. */
  it(name: string, run: () => Promise<void>, timeout?: number): unknown;
  /** Deletes what tests have left. Without it, what a failed test has made stays. */
  afterAll?(run: () => Promise<void>, timeout?: number): unknown;
}

/** Node's own runner. Loaded only when it is wanted: other runners do not like it beside them. */
export function nodeTestRunner(): TestRunner {
  const { describe, it, after } = process.getBuiltinModule("node:test");
  return {
    describe: (name, define) => void describe(name, define),
    it: (name, run, timeout) => void it(name, timeout === undefined ? {} : { timeout }, run),
    afterAll: (run, timeout) => after(run, timeout === undefined ? {} : { timeout }),
  };
}
