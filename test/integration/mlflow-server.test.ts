import { expect, inject, it } from "vitest";
import { predictWithMlflow } from "../../scripts/demo/iris-model.js";
import { testPython } from "../support/python.js";

it("the shared MLflow server has the iris model, which tells the species apart", async () => {
  const trackingUri = inject("trackingUri");
  const rows = [
    [5.1, 3.5, 1.4, 0.2],
    [6.3, 3.3, 6.0, 2.5],
  ];
  const where = { python: testPython(), trackingUri };
  expect(await predictWithMlflow(`models:/iris/${inject("modelVersion")}`, rows, where)).toEqual([
    "setosa",
    "virginica",
  ]);
  expect(await predictWithMlflow(`runs:/${inject("runId")}/model`, rows, where)).toEqual(["setosa", "virginica"]);
});
