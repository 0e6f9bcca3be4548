import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

/** Learns of a process's life by the one connection that it opens: the kernel closes it with the process. */
export class ProcessWatch implements AsyncDisposable {
  readonly running: Promise<void>;
  readonly gone: Promise<void>;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    const connected = once(server, "connection") as Promise<[Socket]>;
    this.running = connected.then(() => undefined);
    this.gone = connected.then(async ([socket]) => {
      socket.on("error", () => undefined).resume();
      await once(socket, "close");
    });
  }

  static async start(): Promise<ProcessWatch> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new ProcessWatch(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
  }
}
