import { expect, it } from "vitest";
import { runScript } from "../fixtures/serving/python.js";

it("answers on the event loop only small requests to a model that computes, while its answers are short", async () => {
  const [onLoop, inThread] = [
    [true, false],
    [false, false],
  ];
  expect(await runScript("pace_cases.py", null)).toEqual({
    "at first": inThread,
    "many short": onLoop,
    "many short of large bodies": inThread,
    "many short of a user's code": inThread,
    "a long one in a thread": inThread,
    "a long one on the loop": inThread,
    "short ones after a long one": onLoop,
  });
});
