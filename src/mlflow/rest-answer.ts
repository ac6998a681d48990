import { z } from "zod";

import { DeploymentError } from "../core/errors.js";
import type { ReadRequest } from "./http.js";

/** MLflow writes int64 as a string in some places and as a number in others. */
export const integerText = z.union([z.string(), z.number()]).transform(String);

/** @throws DeploymentError `INTERNAL_ERROR` when an answer is not as MLflow writes it. */
export function readAnswer<T>(schema: z.ZodType<T>, answer: Record<string, unknown>, request: ReadRequest): T {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  const where = result.error.issues[0]?.path.join(".") ?? "";
  throw new DeploymentError(
    "INTERNAL_ERROR",
    `${new URL(request.url).origin} answered about ${request.what} in an unknown form (at "${where}"). Is this an MLflow server?`,
  );
}
