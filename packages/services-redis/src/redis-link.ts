import type { RedisClient } from "./redis-client.ts";
import { toRuntimeError, unavailable } from "./redis-error.ts";

/** A client in use: every command is answered or rejected within a time, and none is sent after that. */
export class RedisLink {
  readonly #client: RedisClient;
  #ready: PromiseWithResolvers<void> | undefined;
  #lastError: unknown;

  constructor(client: RedisClient) {
    this.#client = client;
    client.on("ready", this.#onReady);
    client.on("error", this.#onError);
  }

  get isReady(): boolean {
    return this.#client.status === "ready";
  }

  /** Resolves once commands can be sent; rejects with `SERVICE_UNAVAILABLE` after `timeout` milliseconds. */
  async open(timeout: number): Promise<void> {
    await within(timeout, (late) => this.#untilReady(late)).catch((error) => this.#fail(error));
  }

  /** Resolves to the answer; rejects with an error of the catalogue, after `timeout` milliseconds at the latest. */
  async send(command: string, args: string[], timeout: number): Promise<unknown> {
    return within(timeout, (late) => this.#send(command, args, late)).catch((error) => this.#fail(error));
  }

  /** Leaves the client as it was found. */
  detach(): void {
    this.#client.off("ready", this.#onReady);
    this.#client.off("error", this.#onError);
  }

  async #send(command: string, args: string[], late: Promise<never>): Promise<unknown> {
    await this.#untilReady(late);
    for (;;) {
      try {
        return await Promise.race([this.#client.call(command, args), late]);
      } catch (error) {
        if (!isUnsent(error)) throw error;
        // The connection has just broken and the client calls itself ready still: it will be again.
        await this.#nextReady(late);
      }
    }
  }

  // Commands are not left to the client's queue: it would send them later, when their callers were told they failed.
  async #untilReady(late: Promise<never>): Promise<void> {
    if (this.isReady) return;
    if (this.#client.status === "end") throw new Error("The client is closed.");
    if (this.#client.status === "wait") this.#client.connect().catch(() => undefined);
    await this.#nextReady(late);
  }

  async #nextReady(late: Promise<never>): Promise<void> {
    this.#ready ??= Promise.withResolvers();
    await Promise.race([this.#ready.promise, late]);
  }

  #fail(error: unknown): never {
    throw error instanceof LateError ? unavailable(this.#lastError ?? error) : toRuntimeError(error);
  }

  readonly #onReady = (): void => {
    this.#lastError = undefined;
    this.#ready?.resolve();
    this.#ready = undefined;
  };

  readonly #onError = (error: unknown): void => {
    this.#lastError = error;
  };
}

/** What `work` resolves to, which is handed a promise that rejects when the time is over. */
async function within<T>(timeout: number, work: (late: Promise<never>) => Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  late.catch(() => undefined);
  const timer = setTimeout(
    () => reject(new LateError(`Redis did not answer within ${timeout} ms.`)),
    timeout,
  );
  try {
    return await work(late);
  } finally {
    clearTimeout(timer);
  }
}

class LateError extends Error {}

/** True for what ioredis says of a command that it neither sent nor keeps. */
function isUnsent(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("Stream isn't writeable");
}
