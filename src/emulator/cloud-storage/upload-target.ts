import type { EmulatorRequest } from "../http.js";
import type { ObjectDescription } from "./object-settings.js";
import { badRequest, requiredParameter } from "./storage-error.js";

/** The name in the query, or else in the metadata. @throws StorageError 400 for none, or one that is not legal. */
export function objectName(request: EmulatorRequest, described: ObjectDescription): string {
  const name = request.query.get("name") ?? described.name;
  if (!name) throw requiredParameter("name");
  // "Object name requirements"; half of a surrogate pair has no UTF-8
  const illegal = Buffer.byteLength(name) > 1024 || /[\r\n]|\p{Surrogate}/u.test(name) || name === "." || name === "..";
  if (illegal || name.startsWith(".well-known/acme-challenge/")) throw badRequest(`Invalid object name: '${name}'`);
  return name;
}

/** The settings of the new object: those of the metadata, then those of the request. */
export function uploadSettings(
  request: EmulatorRequest,
  described: ObjectDescription,
  contentType: string | undefined,
): ObjectDescription["settings"] {
  const settings = { ...described.settings };
  if (settings.contentType === undefined && contentType !== undefined) settings.contentType = contentType;
  const encoding = request.query.get("contentEncoding");
  if (encoding !== null) settings.contentEncoding = encoding;
  return settings;
}
