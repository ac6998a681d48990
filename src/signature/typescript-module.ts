import type { ModelSignature, SignatureField } from "../core/model.js";
import { arrayOf, key, member, objectType, typeOf } from "./typescript-types.js";

/** What a module of types is written from. */
export interface TypedModel {
  /** What the model is called in TypeScript: `iris` gives the constant `iris` and the types `IrisInput`, and so on. */
  name: string;
  /** Where the model comes from, for the comment. */
  uri: string;
  signature: ModelSignature | null;
}

/**
 * A TypeScript module with the types of a model's rows, parameters and predictions.
 *
 * ```ts
 * import type { iris } from "./iris.js";
 * const { predictions } = await client.predict<typeof iris>({ deploymentName: "tester", inputs: [[5.1, 3.5, 1.4, 0.2]] });
 * ```
 */
export function typescriptModule({ name, uri, signature }: TypedModel): string {
  const prefix = name.charAt(0).toUpperCase() + name.slice(1);
  const { inputs, outputs, params } = signature ?? { inputs: null, outputs: null, params: null };
  const parts = [
    `// The types of the model ${comment(uri)}, by its signature. Made by \`mlflow-deployments types\`: do not edit.`,
    `import type { ModelType } from "mlflow-deployments";`,
    inputType(prefix, inputs),
    paramsType(prefix, params),
    `/** One prediction. */\nexport type ${prefix}Output = ${outputType(outputs)};`,
    `/** For \`client.predict<typeof ${name}>\`; a type only, which no program can read. */\nexport declare const ${name}: ModelType<${prefix}Input, ${prefix}Params, ${prefix}Output>;`,
  ];
  return `${parts.join("\n\n")}\n`;
}

/**
 * A name of a model as an identifier: `wine-quality 2` is `wineQuality2`.
 *
 * @param text - Any text; one without a letter gives `model`.
 */
export function identifierOf(text: string): string {
  const words = text.match(/[A-Za-z0-9]+/g) ?? [];
  const joined = words
    .map((word, index) => (index === 0 ? word.charAt(0).toLowerCase() : word.charAt(0).toUpperCase()) + word.slice(1))
    .join("");
  if (joined === "") return "model";
  return !isIdentifier(joined) ? `model${joined.charAt(0).toUpperCase()}${joined.slice(1)}` : joined;
}

/** Whether a model can be called so in TypeScript. */
export function isIdentifier(text: string): boolean {
  return /^[A-Za-z_$][\w$]*$/.test(text) && !reserved.has(text);
}

/** What `declare const` cannot name, in the strict mode of modules, and what the module imports. */
const reserved: ReadonlySet<string> = new Set(
  (
    "arguments await break case catch class const continue debugger default delete do else enum eval export extends false " +
    "finally for function if implements import in instanceof interface let new null package private protected public " +
    "return static super switch this throw true try typeof undefined var void while with yield ModelType"
  ).split(" "),
);

function inputType(prefix: string, inputs: SignatureField[] | null): string {
  const doc = "/** One row of the input. */";
  if (inputs === null || inputs.length === 0) {
    return `/** One row of the input; the model's signature does not say what it is. */\nexport type ${prefix}Input = unknown;`;
  }
  const [only] = inputs;
  const bare = inputs.length === 1 && only ? [typeOf(only, "input")] : [];
  if (inputs.some(({ type }) => type === "tensor")) {
    const named = inputs.every((field) => field.name !== undefined);
    const forms = named ? [objectType(inputs, "input"), ...bare] : bare;
    return `${doc}\nexport type ${prefix}Input = ${forms.join(" | ") || "unknown"};`;
  }
  const cells = inputs.map((field) => `${typeOf(field, "input")}${field.required === false ? " | null" : ""}`);
  const row = `readonly [${cells.join(", ")}]`;
  if (inputs.some(({ name }) => name === undefined)) {
    return `${doc}\nexport type ${prefix}Input = ${[row, ...bare].join(" | ")};`;
  }
  const members = inputs.map((field) => `  ${member(field, "input")};`);
  return [
    `/** One row of the input, by the names of its columns. */\nexport interface ${prefix}Row {\n${members.join("\n")}\n}`,
    `/** One row of the input: by names, or in the order of the columns. */\nexport type ${prefix}Input = ${[`${prefix}Row`, row, ...bare].join(" | ")};`,
  ].join("\n\n");
}

function paramsType(prefix: string, params: SignatureField[] | null): string {
  if (params === null || params.length === 0) {
    return `/** The model has no inference parameters. */\nexport type ${prefix}Params = Record<string, never>;`;
  }
  const members = params.map((param) => {
    const one = typeOf(param, "input");
    const type = Array.isArray(param["shape"]) ? arrayOf(one) : one;
    return `  /** Default: \`${comment(JSON.stringify(param["default"] ?? null))}\`. */\n  ${key(param.name ?? "")}?: ${type};`;
  });
  // no interface: it would not be assignable to a record
  return `/** The inference parameters, each with its default. */\nexport type ${prefix}Params = {\n${members.join("\n")}\n};`;
}

/** One named column comes as bare values, or, where the model returns a data frame, as objects: no signature says which. */
function outputType(outputs: SignatureField[] | null): string {
  const [only] = outputs ?? [];
  if (!outputs || only === undefined) return "unknown";
  const bare = outputs.length === 1 ? [typeOf(only, "output")] : [];
  const named = outputs.every(({ name }) => name !== undefined) ? [objectType(outputs, "output")] : [];
  return [...bare, ...named].join(" | ") || "unknown";
}

/** Text that ends no comment, on one line. */
function comment(text: string): string {
  return text.replaceAll("*/", "*\\/").replaceAll(/[\s`]+/g, " ");
}
