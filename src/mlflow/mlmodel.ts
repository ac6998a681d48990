import { type CST, type Document, isMap, isScalar, parseDocument, Parser } from "yaml";

import { DeploymentError } from "../core/errors.js";
import type { ModelMetadata, ModelSignature, SignatureField } from "../core/model.js";

/** Name of the file that describes a model, at the root of its directory. */
export const mlmodelFile = "MLmodel";

/**
 * Reads the text of an MLmodel file (MLflow's "MLflow Model format").
 *
 * @param text YAML, from any source.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` when it is not what MLflow writes.
 */
export function readMlmodel(text: string): ModelMetadata {
  const document = parseYaml(text, mlmodelFile);
  const flavors: unknown = isMap(document.contents) ? (document.toJS() as { flavors?: unknown }).flavors : undefined;
  if (!isRecord(flavors) || !Object.values(flavors).every((flavor) => flavor === null || isRecord(flavor))) {
    throw malformed(mlmodelFile, "it has no flavors");
  }
  return {
    flavors: Object.fromEntries(
      Object.entries(flavors).map(([name, settings]) => [name, isRecord(settings) ? settings : {}]),
    ),
    signature: readSignature(document),
    pythonVersion: scalarText(document, ["flavors", "python_function", "python_version"]),
    mlflowVersion: scalarText(document, ["mlflow_version"]),
    modelId: scalarText(document, ["model_id"]) ?? scalarText(document, ["model_uuid"]),
    runId: scalarText(document, ["run_id"]),
    inputExample: scalarText(document, ["saved_input_example_info", "artifact_path"]),
  };
}

/**
 * Checks that a model can be served: that it has the flavor that was asked for, and `python_function`.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` that lists the flavors it has.
 */
export function checkFlavors(metadata: ModelMetadata, wanted: string | undefined): void {
  const known = Object.keys(metadata.flavors).join(", ") || "none";
  if (wanted !== undefined && !Object.hasOwn(metadata.flavors, wanted)) {
    throw new DeploymentError("INVALID_PARAMETER_VALUE", `The model has no flavor "${wanted}". It has: ${known}.`);
  }
  if (!Object.hasOwn(metadata.flavors, "python_function")) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `The model cannot be served: it has no python_function flavor, only ${known}. Log it with a flavor of MLflow's that adds it, ` +
        "or as mlflow.pyfunc.log_model(python_model=…).",
    );
  }
}

/** Collections inside one another, in YAML. */
const deepestNesting = 64;
/** Entries of all collections of a YAML file: each key is compared with all those before it. */
const mostEntries = 10_000;
/** Each is looked for in all that is before it, and again in what it stands for. */
const mostAliases = 100;

/** A YAML document, with aliases, entries and nesting bounded: the file comes from outside. */
export function parseYaml(text: string, file: string): Document {
  try {
    checkStructure(text);
    const document = parseDocument(text);
    const [error] = document.errors;
    if (error) throw error;
    document.toJS({ maxAliasCount: mostAliases });
    return document;
  } catch (error) {
    throw malformed(file, String(error instanceof Error ? error.message : error).split("\n")[0] ?? "");
  }
}

/** Composing a document is recursive, and very deep nesting would end the process. Its tokens are found without recursion. */
function checkStructure(text: string): void {
  let entries = 0;
  let aliases = 0;
  const open: { token: CST.Token | null | undefined; depth: number }[] = [];
  for (const token of new Parser().parse(text)) open.push({ token, depth: 0 });
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, depth } = next;
    if (depth > deepestNesting) throw new Error("it is nested too deeply");
    if (token?.type === "alias" && ++aliases > mostAliases) throw new Error(`it has more than ${mostAliases} aliases`);
    if (token?.type === "document") open.push({ token: token.value, depth });
    if (!token || !("items" in token)) continue;
    entries += token.items.length;
    if (entries > mostEntries) throw new Error(`it has more than ${mostEntries} entries`);
    for (const item of token.items) {
      open.push({ token: item.key, depth: depth + 1 }, { token: item.value, depth: depth + 1 });
    }
  }
}

/** A scalar as it is written: as a number, version `3.10` would be `3.1`, and an id such as `12e3` would be 12000. */
export function scalarText(document: Document, path: readonly string[]): string | null {
  const node: unknown = document.getIn(path, true);
  return isScalar(node) && node.value !== null ? node.source?.trim() || null : null;
}

/** Signatures are JSON texts inside the YAML (`mlflow.types.schema.Schema.to_json`). */
function readSignature(document: Document): ModelSignature | null {
  const signature = {
    inputs: readFields(document, "inputs"),
    outputs: readFields(document, "outputs"),
    params: readFields(document, "params"),
  };
  if (Object.values(signature).every((fields) => fields === null)) return null;
  return takesOneRow(document) ? { ...signature, rowByRow: true } : signature;
}

const loaders = "mlflow.pyfunc.loaders.";
const agentLoaders = ["chat_model", "chat_agent", "responses_agent"].map((name) => loaders + name);
/** What MLflow writes down for the same models when they are logged from code. */
const agentTasks = ["agent/v1/chat", "agent/v2/chat", "agent/v1/responses"];

/** As `takes_one_row` of the serving runtime. */
function takesOneRow(document: Document): boolean {
  const loader = scalarText(document, ["flavors", "python_function", "loader_module"]) ?? "";
  const task = scalarText(document, ["metadata", "task"]) ?? "";
  return agentLoaders.includes(loader) || (loader === `${loaders}code_model` && agentTasks.includes(task));
}

function readFields(document: Document, part: string): SignatureField[] | null {
  const text: unknown = document.getIn(["signature", part]);
  if (text === undefined || text === null) return null;
  const fields = typeof text === "string" ? parsePythonJson(text) : undefined;
  if (!Array.isArray(fields) || !fields.every(isField))
    throw malformed(mlmodelFile, `signature.${part} is not a JSON list of typed fields`);
  return fields;
}

/** JSON as Python writes it, where a parameter's default can be NaN or Infinity; these become null. */
function parsePythonJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // below
  }
  try {
    return JSON.parse(withoutNonFinite(text));
  } catch {
    return undefined;
  }
}

/** JSON with `null` for NaN and Infinity, but in strings. In one pass, since any text comes here. */
function withoutNonFinite(text: string): string {
  let result = "";
  let at = 0;
  while (at < text.length) {
    const found = text.indexOf('"', at);
    const quote = found === -1 ? text.length : found;
    let end = quote + 1;
    while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
    result += text.slice(at, quote).replaceAll(/-?Infinity|NaN/g, "null") + text.slice(quote, end + 1);
    at = end + 1;
  }
  return result;
}

function isField(value: unknown): value is SignatureField {
  return isRecord(value) && typeof value["type"] === "string" && ["string", "undefined"].includes(typeof value["name"]);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(file: string, reason: string): DeploymentError {
  return new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The model's ${file} file cannot be read: ${reason}. Log the model again.`,
  );
}
