import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";

/** A way to a server of this machine that counts what goes over it, and can be as slow as a network. */
export interface Link {
  /** `127.0.0.1:PORT`, in place of the server's. */
  host: string;
  /** Bytes so far: to the server, and from it, with all that HTTP adds. */
  readonly sent: number;
  readonly received: number;
  close(): Promise<void>;
}

/**
 * Passes connections on to a server.
 *
 * @param host - `HOST:PORT` of the server.
 * @param megabytes - A second, each way, over all connections together; null for as many as there come.
 */
export async function openLink(host: string, megabytes: number | null): Promise<Link> {
  const [hostname = "", port = ""] = host.split(":");
  const [up, down] = [new Lane(megabytes), new Lane(megabytes)];
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const target = connect(Number(port), hostname);
    for (const socket of [client, target]) {
      socket.setNoDelay(true);
      open.add(socket);
      socket.once("close", () => open.delete(socket));
    }
    // a connection that one side ends is no failure of the other
    pipeline(client, (chunks: AsyncIterable<Buffer>) => up.pace(chunks), target).catch(() => client.destroy());
    pipeline(target, (chunks: AsyncIterable<Buffer>) => down.pace(chunks), client).catch(() => target.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get sent() {
      return up.bytes;
    },
    get received() {
      return down.bytes;
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Timers are about this exact, so that shorter waits are left to the next part. Milliseconds. */
const shortestWait = 5;
/** Time in which nothing came can be made up for later, up to this: a timer that wakes late takes nothing away. Milliseconds. */
const credit = 20;

/** One way of a link, which all connections share. */
class Lane {
  bytes = 0;
  readonly #perMillisecond: number | null;
  /** When all that has come is through. */
  #freeAt = 0;

  constructor(megabytes: number | null) {
    this.#perMillisecond = megabytes === null ? null : megabytes * 1000;
  }

  async *pace(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      this.bytes += chunk.length;
      await this.#through(chunk.length);
      yield chunk;
    }
  }

  async #through(bytes: number): Promise<void> {
    if (this.#perMillisecond === null) return;
    const now = performance.now();
    this.#freeAt = Math.max(now - credit, this.#freeAt) + bytes / this.#perMillisecond;
    if (this.#freeAt - now >= shortestWait) await sleep(this.#freeAt - now);
  }
}
