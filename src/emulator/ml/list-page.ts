import { parseFilter } from "../list-filter.js";
import { pageOf } from "../paging.js";
import type { JsonObject } from "../proto/parse.js";
import { idOf } from "./records.js";

/** As the discovery document has it for models and versions. */
const sizes = { default: 20, max: 100 };

/**
 * A page of models or versions, as the body of the answer; a filter compares `name` (the last part of it) and labels.
 *
 * @param key Name of the list in the answer.
 */
export function listPage(resources: readonly JsonObject[], query: URLSearchParams, key: string): JsonObject {
  const matches = parseFilter(query.get("filter") ?? "", { fields: { name: "plain" } });
  const selected = resources.filter(({ name, labels }) =>
    matches({ fields: { name: idOf(String(name)) }, labels: (labels ?? {}) as Record<string, string> }),
  );
  const page = { pageSize: query.get("pageSize"), pageToken: query.get("pageToken") };
  const { items, ...token } = pageOf(selected, page, sizes);
  return { ...(items.length > 0 && { [key]: items }), ...token };
}
