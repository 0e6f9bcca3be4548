import type { Redis } from "ioredis";
import { toRuntimeError, unavailable } from "./redis-error.ts";
import { LateError, within } from "./within.ts";

/** A client in use: every call is answered or rejected within a time, and nothing is sent after that. */
export class RedisLink {
  readonly #client: Redis;
  #ready: PromiseWithResolvers<void> | undefined;
  #lastError: unknown;

  /** The client has no queue of its own for commands that can't be sent. */
  constructor(client: Redis) {
    this.#client = client;
    client.on("ready", () => {
      this.#lastError = undefined;
      this.#ready?.resolve();
      this.#ready = undefined;
    });
    client.on("error", (error) => {
      this.#lastError = error;
    });
  }

  get isReady(): boolean {
    return this.#client.status === "ready";
  }

  /**
   * Resolves to what `work` does once commands can be sent; rejects with an error of the catalogue, after `timeout`
   * milliseconds at the latest. Work that could not be sent is done again.
   */
  async call<T>(timeout: number, work: (client: Redis) => Promise<T>): Promise<T> {
    try {
      return await within(timeout, (late) => this.#call(work, late));
    } catch (error) {
      throw error instanceof LateError ? unavailable(this.#lastError ?? error) : toRuntimeError(error);
    }
  }

  async #call<T>(work: (client: Redis) => Promise<T>, late: Promise<never>): Promise<T> {
    if (this.#client.status === "end") throw new Error("The client is closed.");
    if (!this.isReady) await this.#nextReady(late);
    for (;;) {
      try {
        return await Promise.race([work(this.#client), late]);
      } catch (error) {
        if (!isUnsent(error)) throw error;
        // The connection has just broken and the client calls itself ready still: it will be again.
        await this.#nextReady(late);
      }
    }
  }

  async #nextReady(late: Promise<never>): Promise<void> {
    this.#ready ??= Promise.withResolvers();
    await Promise.race([this.#ready.promise, late]);
  }
}

/** True for what ioredis says of a command that it neither sent nor keeps. */
function isUnsent(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("Stream isn't writeable");
}
