import { beforeAll, describe, expect, it } from "vitest";
import { runScript } from "../fixtures/serving/python.js";

const cases: { expression: string; instances: number }[] = [];
let outcomes: unknown[] = [];
beforeAll(async () => {
  outcomes = (await runScript("encode_outputs.py", cases)) as unknown[];
}, 60_000);

function check(title: string, expression: string, instances: number, outcome: unknown): void {
  const index = cases.push({ expression, instances }) - 1;
  it.for([title])("%s", () => expect(outcomes[index]).toEqual(outcome));
}

function sends(expression: string, predictions: unknown[], instances = predictions.length): void {
  check(`sends ${expression} for ${instances} instances`, expression, instances, { predictions });
}

function fails(expression: string, error: string): void {
  check(`fails on ${expression}`, expression, 1, { error });
}

describe("the predictions of an answer", () => {
  sends("np.array([[1, 2], [3, 4]])", [
    [1, 2],
    [3, 4],
  ]);
  sends("np.array([0.1, 2], dtype='float32')", [Math.fround(0.1), 2]);
  sends("np.array([True, False])", [true, false]);
  sends("np.array([1, 'a', None], dtype=object)", [1, "a", null]);
  sends("(1, np.int64(2), np.float32(0.5), np.bool_(True))", [1, 2, 0.5, true]);
  sends("pd.DataFrame({'a': [1, 2], 'b': ['x', None]})", [
    { a: 1, b: "x" },
    { a: 2, b: null },
  ]);
  sends("pd.DataFrame([[1, 2]])", [{ "0": 1, "1": 2 }]);
  sends("pd.Series([1, 2], name='p')", [1, 2]);
  sends("pd.Series([1, None], dtype='Int64')", [1, null]);
  sends("pd.Categorical(['a', 'b'])", ["a", "b"]);
  sends("sparse([[0, 1]])", [[0, 1]]);
  sends("np.longdouble(1.5)", [1.5]);
  sends("7", [7]);
  sends("'text'", ["text"]);

  sends("{'a': np.array([1, 2]), 'b': np.array([[1], [2]])}", [
    { a: 1, b: [1] },
    { a: 2, b: [2] },
  ]);
  sends("{'a': [1, 2]}", [{ a: [1, 2] }], 2);
  sends("{'a': np.array([1, 2, 3])}", [{ a: [1, 2, 3] }], 2);

  sends("np.array([1, np.nan, np.inf, -np.inf])", [1, null, null, null]);
  sends("[2**53 - 1, 2**53, np.int64(-2**53), 10**30]", [
    2 ** 53 - 1,
    "9007199254740992",
    "-9007199254740992",
    "1000000000000000000000000000000",
  ]);
  sends("np.array([[2**53 - 1, 2**53 + 1]])", [[2 ** 53 - 1, "9007199254740993"]]);
  sends("np.array([2**64 - 1, 1], dtype='uint64')", ["18446744073709551615", 1]);
  sends("np.array([], dtype='int64')", []);
  sends("pd.Series([-2**53 - 1, 1])", ["-9007199254740993", 1]);
  sends("pd.Series([2**53 + 1, None], dtype='Int64')", ["9007199254740993", null]);
  sends("pd.DataFrame({'id': [2**53 + 1], 'score': [0.5]})", [{ id: "9007199254740993", score: 0.5 }]);
  sends("{'id': np.array([2**53 + 1])}", [{ id: "9007199254740993" }]);
  sends("[2.0**60, np.array([2.0**60])]", [2 ** 60, [2 ** 60]]);
  sends("np.array([1.5, np.nan], dtype=np.longdouble)", [1.5, null]);

  sends("[{'score': float('nan')}]", [{ score: null }]);

  sends("[datetime.datetime(2026, 1, 31, 12), datetime.date(2026, 1, 31), pd.NaT, pd.NA]", [
    "2026-01-31T12:00:00",
    "2026-01-31",
    null,
    null,
  ]);
  sends("np.array(['2026-01-31', 'NaT'], dtype='datetime64[D]')", ["2026-01-31", null]);
  sends("pd.Series(pd.to_datetime(['2026-01-31T12:00:00']))", ["2026-01-31T12:00:00"]);
  sends("[b'ab', np.bytes_(b'ab'), Decimal('1.5'), Answer(text='t', score=0.5)]", [
    "YWI=",
    "YWI=",
    1.5,
    { text: "t", score: 0.5 },
  ]);

  fails("[1j]", "a value of type builtins.complex");
  fails("(x for x in [1])", "a value of type builtins.generator");
  fails("pd.DataFrame([[1, 2]], columns=['a', 'a'])", "a DataFrame with two columns of the same name");
});
