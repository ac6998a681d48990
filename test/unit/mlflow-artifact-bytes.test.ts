import { PassThrough } from "node:stream";
import { buffer } from "node:stream/consumers";

import { expect, it } from "vitest";

import { storedBytes } from "../../src/mlflow/artifact-bytes.js";

const file = { path: "data/weights", size: 9, directoryUri: "store://models/m" };

it("whoever reads from a store that never opens a file can stop it, and a stream that comes later is closed", async () => {
  const stop = new AbortController();
  const late = new PassThrough();
  let open: () => void;
  const opened = new Promise<NodeJS.ReadableStream>((resolve) => (open = () => resolve(late)));
  const artifact = { ...file, open: () => opened };
  const reading = buffer(storedBytes(artifact, { report: () => {}, signal: stop.signal }));
  stop.abort();
  await expect(reading).rejects.toMatchObject({ code: "CANCELLED" });
  open!();
  await expect.poll(() => late.destroyed).toBe(true);
});
