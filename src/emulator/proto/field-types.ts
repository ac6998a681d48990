/** How the fields of a message are typed: the part of proto3 that the emulated messages of Google's APIs use. */

export type FieldType =
  | { kind: "string" | "bool" | "int32" | "int64" | "double" | "duration" | "value" | "mask" }
  | { kind: "enum"; name: string; numbers: Readonly<Record<string, number>> }
  | { kind: "message"; message: MessageType }
  | { kind: "list" | "map"; of: FieldType }
  | { kind: "outputOnly" }
  | { kind: "notEmulated" };

/** A message: its fields by their JSON name. */
export interface MessageType {
  /** As Google's errors name it, such as `google.cloud.aiplatform.v1.Model`. */
  name: string;
  fields: Readonly<Record<string, FieldType>>;
  /** Fields whose `field_behavior` is REQUIRED. */
  required: readonly string[];
}

export const string: FieldType = { kind: "string" };
export const bool: FieldType = { kind: "bool" };
export const int32: FieldType = { kind: "int32" };
export const int64: FieldType = { kind: "int64" };
/** `float` too. */
export const double: FieldType = { kind: "double" };
export const duration: FieldType = { kind: "duration" };
/** `google.protobuf.Value`: any JSON. */
export const value: FieldType = { kind: "value" };
/** `google.protobuf.FieldMask`. */
export const mask: FieldType = { kind: "mask" };
/** Known to Google and set by the service alone: a request may carry it, and it counts for nothing. */
export const outputOnly: FieldType = { kind: "outputOnly" };
/** Known to Google, and would change what happens in a way that the emulator can't: UNIMPLEMENTED when set. */
export const notEmulated: FieldType = { kind: "notEmulated" };

export const list = (of: FieldType): FieldType => ({ kind: "list", of });
/** A map from strings. */
export const map = (of: FieldType): FieldType => ({ kind: "map", of });
export const nested = (of: MessageType): FieldType => ({ kind: "message", message: of });

/**
 * Makes the messages and enums of one API.
 *
 * @param packageName Of its protos, such as `google.cloud.aiplatform.v1`.
 */
export function protoPackage(packageName: string) {
  return {
    enumeration: (name: string, numbers: Readonly<Record<string, number>>): FieldType => ({
      kind: "enum",
      name: `${packageName}.${name}`,
      numbers,
    }),
    message: (name: string, fields: Record<string, FieldType>, required: string[] = []): MessageType => ({
      name: `${packageName}.${name}`,
      fields,
      required,
    }),
  };
}
