import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import ts from "typescript";
import { describe, expect, it } from "vitest";

import type { ModelSignature, SignatureField } from "../../src/core/model.js";
import { identifierOf, isIdentifier, typescriptModule } from "../../src/signature/typescript-module.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

function module(parts: Partial<ModelSignature> | null, name = "iris"): string {
  const signature = parts && { inputs: null, outputs: null, params: null, ...parts };
  return typescriptModule({ name, uri: "models:/iris/1", signature });
}

/** What the compiler says about a use of a module. */
async function diagnosticsOf(types: string, use: string): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), "types-"));
  try {
    const files = { "package.json": `{"type":"module"}`, "iris.ts": types, "use.ts": use };
    for (const [file, text] of Object.entries(files)) await writeFile(join(directory, file), text);
    const program = ts.createProgram([join(directory, "use.ts")], {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.Node16,
      moduleResolution: ts.ModuleResolutionKind.Node16,
      types: [],
      paths: { "mlflow-deployments": [join(root, "src/core/model-type.ts")] },
    });
    const own = ts.getPreEmitDiagnostics(program).filter(({ file }) => file?.fileName.startsWith(directory));
    return own.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " ").split("  ")[0] ?? "");
  } finally {
    await rm(directory, { recursive: true });
  }
}

const column = (name: string, type: string, more: object = {}): SignatureField => ({ name, type, ...more });
const tensor = (dtype: string, shape: number[], name?: string): SignatureField => ({
  type: "tensor",
  "tensor-spec": { dtype, shape },
  ...(name !== undefined && { name }),
});

describe("the TypeScript types of a model", () => {
  it("are a row by the names of its columns, or in their order, its params, and one prediction", () => {
    const text = module({
      inputs: [column("sepal length (cm)", "double"), column("kind", "string", { required: false })],
      outputs: [tensor("int64", [-1])],
      params: [column("temperature", "double", { default: 0.5, shape: null })],
    });
    expect(text)
      .toBe(`// The types of the model models:/iris/1, by its signature. Made by \`mlflow-deployments types\`: do not edit.

import type { ModelType } from "mlflow-deployments";

/** One row of the input, by the names of its columns. */
export interface IrisRow {
  "sepal length (cm)": number;
  kind?: string | null;
}

/** One row of the input: by names, or in the order of the columns. */
export type IrisInput = IrisRow | readonly [number, string | null];

/** The inference parameters, each with its default. */
export type IrisParams = {
  /** Default: \`0.5\`. */
  temperature?: number;
};

/** One prediction. */
export type IrisOutput = number | bigint;

/** For \`client.predict<typeof iris>\`; a type only, which no program can read. */
export declare const iris: ModelType<IrisInput, IrisParams, IrisOutput>;
`);
  });

  it.each<[string, SignatureField, string]>([
    ["a long that a double may not hold", column("x", "long"), "x: number | bigint"],
    ["a datetime", column("x", "datetime"), "x: string | Date"],
    ["bytes", column("x", "binary"), "x: string | Uint8Array"],
    ["an array", column("x", "array", { items: { type: "double" } }), "x: readonly number[]"],
    ["an array of longs", column("x", "array", { items: { type: "long" } }), "x: readonly (number | bigint)[]"],
    ["a map", column("x", "map", { values: { type: "string" } }), "x: Record<string, string>"],
    [
      "an object",
      column("x", "object", {
        properties: { a: { type: "string", required: true }, "b-c": { type: "boolean", required: false } },
      }),
      `x: { a: string; "b-c"?: boolean | null }`,
    ],
    ["any", column("x", "any"), "x: unknown"],
    ["a type of a later MLflow", column("x", "hologram"), "x: unknown"],
    ["a named tensor", tensor("float32", [-1, 3, 224], "x"), "x: readonly (readonly number[])[]"],
  ])("name the type of %s", (_, field, member) => {
    expect(module({ inputs: [field, { ...field, name: "y" }] })).toContain(member);
  });

  it("give null for a prediction that is not finite", () => {
    expect(module({ outputs: [column("score", "double")] })).toContain(
      "export type IrisOutput = number | null | { score: number | null };",
    );
  });

  it("are unknown where the model has no signature", () => {
    const text = module(null);
    expect(text).toContain("export type IrisInput = unknown;");
    expect(text).toContain("export type IrisOutput = unknown;");
    expect(text).toContain("export type IrisParams = Record<string, never>;");
  });

  it("have the compiler check rows, params and predictions", async () => {
    const types = module({
      inputs: [column("a", "double"), column("b", "string")],
      outputs: [tensor("float64", [-1])],
      params: [column("limit", "integer", { default: 1 })],
    });
    const use = (call: string) => `
      import type { ModelType } from "mlflow-deployments";
      import type { iris } from "./iris.js";
      declare function predict<Model extends ModelType = ModelType>(
        options: { inputs: readonly Model["input"][]; params?: Model["params"] }): { predictions: Model["output"][] };
      ${call}`;
    const right = `const n: number | null | undefined = predict<typeof iris>({ inputs: [[1, "x"], { b: "y", a: 2 }], params: { limit: 3 } }).predictions[0]; void n;`;
    expect(await diagnosticsOf(types, use(right))).toEqual([]);
    for (const wrong of [`inputs: [["x", 1]]`, `inputs: [{ a: 1 }]`, `inputs: [[1, "x"]], params: { limit: "3" }`]) {
      const said = await diagnosticsOf(types, use(`predict<typeof iris>({ ${wrong} });`));
      expect({ wrong, refused: said.length > 0 }).toEqual({ wrong, refused: true });
    }
  });

  it("cannot be left by what a server calls a column or itself", async () => {
    const evil = '"; } export const pwned = 1; /* */ // `\n}';
    const text = typescriptModule({
      name: "iris",
      uri: `models:/x*/\nexport const pwned = 1;`,
      signature: {
        inputs: [column(evil, "double")],
        outputs: [column(evil, evil)],
        params: [column(evil, "string", { default: `*/ export const pwned = 1; \u2028` })],
      },
    });
    expect(await diagnosticsOf(text, `import type * as all from "./iris.js"; export type X = all.IrisInput;`)).toEqual(
      [],
    );
    const source = ts.createSourceFile("iris.ts", text, ts.ScriptTarget.ES2023);
    const kinds = source.statements.map(({ kind }) => ts.SyntaxKind[kind]);
    expect(kinds).not.toContain("ExpressionStatement");
    expect(source.statements.filter(ts.isVariableStatement)).toHaveLength(1);
  });
});

describe("the name of a model in TypeScript", () => {
  it("is not that of the type which the module imports", () => {
    expect(isIdentifier("ModelType")).toBe(false);
    expect(isIdentifier("modelType")).toBe(true);
  });

  it.each([
    ["iris", "iris"],
    ["wine-quality 2", "wineQuality2"],
    ["Churn", "churn"],
    ["2024-model", "model2024Model"],
    ["class", "modelClass"],
    ["模型", "model"],
  ])("of %s is %s", (text, name) => {
    expect(identifierOf(text)).toBe(name);
  });
});
