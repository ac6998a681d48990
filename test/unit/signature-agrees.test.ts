import { beforeAll, expect, it } from "vitest";
import { askClient, clientDiffers } from "../fixtures/serving/ask-client.js";
import { inputCases, signatures } from "../fixtures/serving/input-table.js";
import { generatedCases } from "../fixtures/serving/generated-cases.js";
import { runScript } from "../fixtures/serving/python.js";

type Outcome = { data: unknown; params: unknown } | { refused: string } | { unknown: string };

// a failure shows the case; SIGNATURE_SEED tries others
const cases = generatedCases(1000, Number(process.env["SIGNATURE_SEED"] ?? 1)).filter((each) => !clientDiffers(each));
const asked = cases.map((each) => ({ ...each, ...askClient(each) }));
const sent = asked.flatMap((each) => each.sent ?? []);
let outcomes: Outcome[];
let sentOutcomes: Outcome[];
beforeAll(async () => {
  const all = (await runScript("decode_cases.py", [...cases, ...sent])) as Outcome[];
  outcomes = all.slice(0, cases.length);
  sentOutcomes = all.slice(cases.length);
}, 60_000);

it("refuses what the runtime refuses, with the same words", () => {
  for (const [index, { refused, sent: _, ...request }] of asked.entries()) {
    const outcome = outcomes[index]!;
    expect({ ...request, refused }).toEqual({
      ...request,
      refused: "refused" in outcome ? outcome.refused : undefined,
    });
  }
  expect(asked.filter(({ refused }) => refused !== undefined).length).toBeGreaterThan(200);
});

it("sends what the runtime reads as the same values", () => {
  const accepted = outcomes.filter((outcome) => !("refused" in outcome));
  expect(accepted.length).toBeGreaterThan(200);
  for (const [index, outcome] of accepted.entries()) {
    expect({ request: sent[index], outcome: sentOutcomes[index] }).toEqual({ request: sent[index], outcome });
  }
});

const table = inputCases
  .map(({ model, instances, parameters = "{}", refused }) => ({
    title: `${model} ${instances} ${parameters}`,
    request: { ...signatures[model], instances, parameters },
    refused,
  }))
  .filter(({ request }) => request.inputs !== null && !clientDiffers(request));

it.each(table)("judges a row of the input table as the runtime has to: $title", ({ request, refused }) => {
  expect(askClient(request).refused).toBe(refused);
});
