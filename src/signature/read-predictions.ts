import type { ModelSignature, SignatureField } from "../core/model.js";
import { isUnsafeInteger } from "./scalars.js";
import { isPlainObject } from "./words.js";
import { writeItems, writeProperties } from "./writer.js";

/** From what an answer holds to what it stands for: the value itself, if that is the same. */
type Read = (value: unknown) => unknown;

const readers = new WeakMap<ModelSignature, Read | null>();

/** Predictions by the output types of a signature: an integer that no JSON number can carry is a BigInt again. */
export function readPredictions(predictions: unknown[], signature: ModelSignature | null): unknown[] {
  if (!signature) return predictions;
  let read = readers.get(signature);
  if (read === undefined) readers.set(signature, (read = predictionReader(signature.outputs ?? [])));
  return read ? writeItems(predictions, read) : predictions;
}

/** The reader of one prediction; null where no output is a long. */
function predictionReader(outputs: readonly SignatureField[]): Read | null {
  const columns = outputs.map((field, position) => ({ key: field.name ?? String(position), read: readerOf(field) }));
  if (columns.every(({ read }) => read === null)) return null;
  const byKey = new Map(columns.map(({ key, read }) => [key, read]));
  const isNested = outputs[0]?.type !== "tensor" && ["object", "map"].includes(outputs[0]?.type ?? "");
  const [only] = columns.length === 1 ? columns : [];
  return (prediction) => {
    // a record of the outputs, by their names or positions
    if (isPlainObject(prediction) && !(only && isNested && !Object.hasOwn(prediction, only.key))) {
      return writeProperties(prediction, (value, name) => byKey.get(name)?.(value) ?? value);
    }
    if (only) return only.read?.(prediction) ?? prediction;
    if (!Array.isArray(prediction) || prediction.length !== columns.length) return prediction;
    let position = 0;
    return writeItems(prediction, (value) => columns[position++]?.read?.(value) ?? value);
  };
}

/** The reader of a type; null for one that holds no long. */
function readerOf(spec: unknown): Read | null {
  const { type, items, properties, values, "tensor-spec": tensor } = isPlainObject(spec) ? spec : {};
  switch (type) {
    case "long":
      return readLong;
    case "tensor":
      return isPlainObject(tensor) && /^u?int64$/.test(String(tensor["dtype"])) ? readLong : null;
    case "array": {
      const read = readerOf(items);
      return read && ((value) => (Array.isArray(value) ? writeItems(value, read) : value));
    }
    case "map": {
      const read = readerOf(values);
      return read && ((value) => (isPlainObject(value) ? writeProperties(value, read) : value));
    }
    case "object": {
      const byName = new Map(
        Object.entries(isPlainObject(properties) ? properties : {}).map(([name, each]) => [name, readerOf(each)]),
      );
      if ([...byName.values()].every((read) => read === null)) return null;
      return (value) =>
        isPlainObject(value) ? writeProperties(value, (each, name) => byName.get(name)?.(each) ?? each) : value;
    }
    default:
      return null;
  }
}

/** An integer, or arrays of them: of a tensor, or of a column whose cells came as arrays of one. */
const readLong: Read = (value) => {
  if (typeof value === "string") return isUnsafeInteger(value) ? BigInt(value) : value;
  return Array.isArray(value) ? writeItems(value, readLong) : value;
};
