import { DeploymentError } from "./errors.js";

const constructors = {
  float64: Float64Array,
  float32: Float32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
} as const;

/** The element types of a typed array, by numpy's names. */
export type ArrayType = keyof typeof constructors;

/** The typed array of an element type. */
export type ArrayOf<Type extends ArrayType> = InstanceType<(typeof constructors)[Type]>;

/**
 * Nested arrays of numbers as one typed array in row-major order.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` that names the element by its position.
 */
export function toTypedArray<Type extends ArrayType>(
  nested: unknown[],
  type: Type,
): { data: ArrayOf<Type>; shape: number[] } {
  if (!Object.hasOwn(constructors, type)) {
    throw invalid(
      `Unrecognized predictions format: '${type}'. The types are: ${Object.keys(constructors).join(", ")}.`,
    );
  }
  const shape = shapeOf(nested);
  // collected first: an array of the size that the shape promises might be larger than all that is there
  const elements: (number | bigint)[] = [];
  const collect = (value: unknown, depth: number, path: string): void => {
    if (depth === shape.length) {
      elements.push(element(value, type, path));
      return;
    }
    if (!Array.isArray(value) || value.length !== shape[depth]) {
      throw invalid(`${path} is no array of ${shape[depth]} elements, as others are: a typed array is rectangular.`);
    }
    value.forEach((item, index) => collect(item, depth + 1, `${path}[${index}]`));
  };
  collect(nested, 0, "predictions");
  const data = new constructors[type](elements.length);
  elements.forEach((value, index) => {
    data[index] = value;
  });
  return { data: data as ArrayOf<Type>, shape };
}

/** As many as numpy's. */
const mostDimensions = 64;

function shapeOf(nested: unknown[]): number[] {
  const shape: number[] = [];
  for (let value: unknown = nested; Array.isArray(value); value = value[0]) {
    shape.push(value.length);
    if (shape.length > mostDimensions) throw invalid(`predictions has more than ${mostDimensions} dimensions.`);
  }
  return shape;
}

function element(value: unknown, type: ArrayType, path: string): number | bigint {
  const number =
    value === null && type.startsWith("float") ? Number.NaN : value === true ? 1 : value === false ? 0 : value;
  if (typeof number !== "number" && typeof number !== "bigint") {
    throw invalid(`${path} is ${JSON.stringify(value) ?? "nothing"}, which is no number of the type ${type}.`);
  }
  if (type.startsWith("float")) return Number(number);
  if (!isWhole(number) || !fits(BigInt(number), type))
    throw invalid(`${path} is ${number}, which the type ${type} cannot hold.`);
  return type.endsWith("64") ? BigInt(number) : Number(number);
}

function isWhole(number: number | bigint): boolean {
  return typeof number === "bigint" || Number.isInteger(number);
}

function fits(number: bigint, type: ArrayType): boolean {
  const bits = BigInt(type.replace(/\D+/, ""));
  return type.startsWith("uint")
    ? number >= 0n && number < 2n ** bits
    : number >= -(2n ** (bits - 1n)) && number < 2n ** (bits - 1n);
}

function invalid(message: string): DeploymentError {
  return new DeploymentError("INVALID_PARAMETER_VALUE", message);
}
