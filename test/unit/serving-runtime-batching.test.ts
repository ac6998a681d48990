import { beforeAll, expect, it } from "vitest";
import { runScript } from "../fixtures/serving/python.js";

/** The calls of the model by case, each with the numbers of rows of its requests. */
let calls: Record<string, unknown>;
beforeAll(async () => {
  calls = (await runScript("batching_cases.py", null)) as typeof calls;
}, 60_000);

it.each([
  ["share a call", "at the same time", [[1, 2, 3]]],
  ["never wait alone, whatever the delay", "alone", [[1], [2]]],
  ["fill one batch after the other", "more than a batch", [[3, 3], [3, 3], [3]]],
  ["do not wait for one that is a batch by itself", "as large as a batch", [[8], [1, 2]]],
  [
    "share a call only with those of the same function",
    "for other functions",
    [
      [1, 3],
      [2, 3],
    ],
  ],
  ["gather while the model works", "while the model works", [[1], [2, 3, 1]]],
  [
    "wait for no more than came the last time",
    "as many as the last time",
    [
      [1, 1, 1],
      [2, 2, 2],
    ],
  ],
  [
    "do not wait once the batch is full",
    "full before the delay",
    [
      [1, 1, 1, 1],
      [4, 4],
    ],
  ],
  ["wait the delay and no longer where fewer come than the last time", "fewer than the last time", [[1, 1, 1], [2]]],
  ["do not go to the model for a client that has gone", "one that has gone", [[1, 3]]],
  ["do not wait for ever, whatever is raised", "a panic", ["Panic", "Panic"]],
  ["come one batch after the other, also where the server's loop began later", "before the loop", [2, 2, 2]],
  ["have an error of their own", "one that fails", ["b'fine'", "no", "b'fine'", "the thread could not start"]],
])("requests %s", (_, name, expected) => {
  expect(calls[name]).toEqual(expected);
});
