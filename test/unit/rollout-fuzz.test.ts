import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { RolloutFuzz } from "../support/rollout-fuzz.js";

/** Set FUZZ_SEED to see one again, FUZZ_SEEDS to try more. */
const { FUZZ_SEED: oneSeed, FUZZ_SEEDS: count = "60" } = process.env;
const seeds = oneSeed ? [Number(oneSeed)] : Array.from({ length: Number(count) }, (_seed, index) => index + 1);

let tmpDir: string;
beforeAll(async () => {
  tmpDir = await mkdtemp(join(tmpdir(), "fuzz-"));
});
afterAll(async () => {
  await rm(tmpDir, { recursive: true });
});

describe("whatever goes wrong at any request of any call", () => {
  it.each(seeds)("what serves goes on, and the same call again comes to its end (seed %i)", async (seed) => {
    await expect(new RolloutFuzz(seed, tmpDir).run()).resolves.toBeUndefined();
  });
});
