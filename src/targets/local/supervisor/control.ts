import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

import { DeploymentError } from "../../../core/errors.js";
import { isFromProgram } from "../../../runtime/loopback.js";
import type { ServeRequest } from "../state/supervisor-state.js";
import type { Supervisor } from "./supervisor.js";

/**
 * Answers the programs that manage the deployment: `GET /status`, `POST /serve` with a {@link ServeRequest}, `POST /stop`.
 * A client of `/serve` that goes away cancels it.
 *
 * @param token - What a request must bring as its bearer token.
 * @param stop - Ends this process, once the answer is sent.
 */
export async function control(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { supervisor, token, stop }: { supervisor: Supervisor; token: string; stop: () => Promise<void> },
): Promise<void> {
  if (!isFromProgram(incoming.headers) || !bears(incoming.headers.authorization, token)) {
    incoming.resume();
    return answer(outgoing, 403, failure("PERMISSION_DENIED", "This is another deployment's control."));
  }
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  try {
    switch (`${incoming.method} ${incoming.url}`) {
      case "GET /status":
        return answer(outgoing, 200, supervisor.status());
      case "POST /serve": {
        const request = JSON.parse(await text(incoming)) as ServeRequest;
        return answer(outgoing, 200, { changed: await supervisor.serve(request, gone.signal) });
      }
      case "POST /stop":
        answer(outgoing, 200, {});
        return await stop();
      default:
        return answer(outgoing, 404, failure("RESOURCE_DOES_NOT_EXIST", "There is no such request."));
    }
  } catch (error) {
    const { code, message } = DeploymentError.from(error, "The supervisor");
    answer(outgoing, 400, failure(code, message));
  }
}

function bears(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header ?? "");
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function failure(code: string, message: string): object {
  return { error: { code, message } };
}

function answer(outgoing: ServerResponse, status: number, content: unknown): void {
  if (outgoing.destroyed) return;
  outgoing.writeHead(status, { "content-type": "application/json" });
  outgoing.end(JSON.stringify(content));
}
