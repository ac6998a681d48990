/** The standard list request: `filter`, `orderBy`, `pageSize`, `pageToken`, `readMask`. */
import { invalidArgument } from "../google-error.js";
import { readFields } from "./field-mask.js";
import { type Filterable, type FilterGrammar, parseFilter } from "../list-filter.js";
import type { JsonObject } from "../proto/parse.js";

/** Vertex AI does not document its page sizes; these are those of its console. */
const defaultPageSize = 100;
const largestPageSize = 1000;

type Order = (a: JsonObject, b: JsonObject) => number;

/**
 * A page of resources, as the body of the answer.
 *
 * @param key Name of the list in the answer, such as `models`.
 * @param idField Name by which filters address a resource's id.
 * @param orderable Fields that the method can order by, by proto name.
 * @param filter What its filter may have beside names and labels, where `values` are those of a resource.
 */
export function listPage(
  resources: readonly JsonObject[],
  query: URLSearchParams,
  {
    key,
    idField,
    orderable = ["display_name", "create_time", "update_time"],
    filter,
  }: {
    key: string;
    idField: string;
    orderable?: readonly string[];
    filter?: FilterGrammar & { values: (resource: JsonObject) => Record<string, string> };
  },
): JsonObject {
  const matches = parseFilter(query.get("filter") ?? "", {
    ...filter,
    fields: { display_name: "plain", displayName: "plain", [idField]: "plain", ...filter?.fields },
  });
  const order = parseOrder(query.get("orderBy") ?? query.get("order_by") ?? "", orderable);
  const selected = resources.filter((each) => matches(filterable(each, idField, filter?.values(each)))).sort(order);
  const { page, next } = pageOf(selected, query);
  return {
    ...(page.length > 0 && { [key]: page.map((each) => readFields(each, query.get("readMask"))) }),
    ...(next !== undefined && { nextPageToken: next }),
  };
}

function filterable(resource: JsonObject, idField: string, values: Record<string, string> = {}): Filterable {
  const id = String(resource["name"]).replace(/^.*\//, "").replace(/@.*$/, "");
  const displayName = resource["displayName"] as string;
  return {
    fields: { display_name: displayName, displayName, [idField]: id, ...values },
    labels: (resource["labels"] ?? {}) as Record<string, string>,
  };
}

function parseOrder(orderBy: string, orderable: readonly string[]): Order {
  const orders = orderBy
    .split(",")
    .map((each) => each.trim())
    .filter(Boolean)
    .map((each): Order => {
      const [field = "", direction = "asc", ...rest] = each.split(/\s+/);
      const proto = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      if (!orderable.includes(proto) || !["asc", "desc"].includes(direction) || rest.length > 0) {
        throw invalidArgument(`Invalid order_by: ${orderBy}. Supported fields: ${orderable.join(", ")}.`);
      }
      const name = proto.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
      const sign = direction === "desc" ? -1 : 1;
      return (a, b) => sign * compare(a[name] as string, b[name] as string);
    });
  return (a, b) => orders.reduce((result, each) => result || each(a, b), 0);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** One page of a list, and the token of the next: where it begins, and for which question. */
export function pageOf<T>(list: readonly T[], query: URLSearchParams): { page: T[]; next?: string } {
  const size = pageSize(query);
  const question = `${query.get("filter") ?? ""} ${query.get("orderBy") ?? ""}`;
  const start = pageStart(query.get("pageToken") ?? query.get("page_token") ?? "", question);
  const end = start + size;
  const next = end < list.length ? Buffer.from(JSON.stringify([end, question])).toString("base64url") : undefined;
  return { page: list.slice(start, end), ...(next !== undefined && { next }) };
}

function pageSize(query: URLSearchParams): number {
  const text = query.get("pageSize") ?? query.get("page_size") ?? "0";
  const size = Number(text);
  if (!Number.isInteger(size) || size < 0)
    throw invalidArgument(`Invalid value at 'page_size' (TYPE_INT32), "${text}"`);
  return Math.min(size || defaultPageSize, largestPageSize);
}

function pageStart(token: string, question: string): number {
  if (token === "") return 0;
  try {
    const [start, asked] = JSON.parse(Buffer.from(token, "base64url").toString()) as [number, string];
    if (Number.isInteger(start) && asked === question) return start;
  } catch {
    // reported below, as is a token of another list
  }
  throw invalidArgument("Page token is invalid, or is not of a request with the same filter and order.");
}
