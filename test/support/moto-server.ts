import { childEnvironment, startProcess } from "../../src/runtime/process.js";

/** S3 of this machine, in memory, by moto: an implementation that is not ours. */
export interface MotoServer {
  uri: string;
  stop(): Promise<void>;
}

/** Starts moto's server on a free port of the loopback interface. */
export async function startMotoServer(python: string): Promise<MotoServer> {
  let found: (uri: string) => void;
  const uri = new Promise<string>((resolve) => (found = resolve));
  const server = startProcess({
    command: python,
    args: ["-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
    env: childEnvironment({ PYTHONUNBUFFERED: "1" }),
    onLine: (line) => {
      const address = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (address !== undefined) found(address);
    },
  });
  const ended = server.exited.then(() => {
    throw new Error(`moto ended before it answered:\n${server.lines(15).join("\n")}`);
  });
  return { uri: await Promise.race([uri, ended]), stop: async () => server.stop() };
}
