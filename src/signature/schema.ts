import type { ModelSignature } from "../core/model.js";
import { ColumnSchema } from "./columns.js";
import { ParameterSchema } from "./parameters.js";
import { TensorSchema } from "./tensors.js";

/** A signature as what checks with it; what a newer MLflow wrote in a way that is not known here is null, and nothing is checked. */
export interface Schema {
  rows: ColumnSchema | TensorSchema | null;
  parameters: ParameterSchema | null;
}

const schemas = new WeakMap<ModelSignature, Schema>();

/** The schema of a signature, made once for each signature object. */
export function schemaOf(signature: ModelSignature): Schema {
  const known = schemas.get(signature);
  if (known) return known;
  const made = { rows: rowsOf(signature), parameters: ParameterSchema.of(signature.params ?? []) };
  schemas.set(signature, made);
  return made;
}

function rowsOf({ inputs: fields, rowByRow = false }: ModelSignature): ColumnSchema | TensorSchema | null {
  if (!fields || fields.length === 0) return null;
  // MLflow has all named or none, all tensors or none
  const named = fields.filter(({ name }) => name !== undefined).length;
  const tensors = fields.filter(({ type }) => type === "tensor").length;
  if (named > 0 && named < fields.length) return null;
  if (tensors === 0) return ColumnSchema.of(fields, rowByRow);
  return tensors === fields.length && (named > 0 || tensors === 1) ? TensorSchema.of(fields) : null;
}
