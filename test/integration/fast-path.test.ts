import { describe, expect, it } from "vitest";
import { runScript } from "../fixtures/serving/python.js";
import { mlflow2Python, modelsPython } from "../support/python.js";

interface Comparison {
  answered: number;
  fast: number;
  on_arrays: boolean;
  differ: [request: string, fast: string, slow: string][];
}

const environments = [
  { name: "MLflow 3", python: modelsPython, absent: [] },
  { name: "MLflow 3 and no orjson", python: modelsPython, absent: ["orjson"] },
  { name: "MLflow 2", python: mlflow2Python, absent: [] },
];

describe.each(environments)("with $name", ({ python, absent }) => {
  it("answers plain requests the same without MLflow, DataFrames and a look at each cell", async () => {
    const options = { python: python(), args: absent };
    const compared = (await runScript("fast_path.py", null, options)) as Record<string, Comparison>;
    const models = Object.entries(compared);
    expect(models.flatMap(([name, { differ }]) => differ.map((each) => [name, ...each]))).toEqual([]);
    expect(models.length).toBeGreaterThan(120);

    // a predictor that must be called gets what the quick decoder makes, too, where the quick parser is
    const long = absent.length === 0 ? [] : ["sklearn pipeline's probabilities"];
    expect(models.filter(([, { fast }]) => fast === 0).map(([name]) => name)).toEqual(long);
    const onFrames = models.filter(([, each]) => !each.on_arrays).map(([name]) => name);
    expect(onFrames.filter((name) => name.startsWith("sklearn"))).toEqual([
      "sklearn of boolean columns",
      "sklearn forest of boolean columns",
      "sklearn of mixed columns",
      "sklearn pipeline's probabilities",
      "sklearn without names",
      "sklearn with other names",
      "sklearn ColumnTransformer",
      "sklearn FunctionTransformer",
      "sklearn TransformedTargetRegressor",
      "sklearn set_output",
      "sklearn of a float64 tensor",
      "sklearn of a float32 tensor",
      "sklearn of a uint8 tensor",
      "sklearn of a free tensor",
      "sklearn of a fixed tensor",
      "sklearn of a bool tensor",
    ]);
  }, 300_000);
});
