import { encodeSseRetry } from "@agentscope-runtime/agent-api";
import type { FastifyReply } from "fastify";
import type { StreamOptions } from "../app/agent-app-options.ts";
import { type Heartbeats, TICKS } from "./heartbeats.ts";

/** What a response is written to. */
export type Socket = FastifyReply["raw"];

/** True once nobody is there any more to read the response. */
export function isGone(socket: Socket): boolean {
  // In HTTP/2 it is not the response that says so, but its stream.
  return socket.destroyed || (socket as { stream?: { destroyed: boolean } }).stream?.destroyed === true;
}

/** What is said in a stream of events beside the events. */
export interface StreamComments {
  /** The reconnection time, in milliseconds. */
  readonly retry: number | false;
  readonly heartbeats: Heartbeats;
}

/** Writes to one connection: with respect for its pace, and with comments where there is nothing to say. */
export class StreamWriter {
  readonly #socket: Socket;
  readonly #signal: AbortSignal;
  readonly #stallTimeout: number;
  readonly #heartbeats: Heartbeats | undefined;
  #silence = 0;
  #first: NodeJS.Immediate | undefined;
  /** What comes before the first events; undefined once it has gone out. */
  #head: string | undefined;
  #stalled = false;

  constructor(
    socket: Socket,
    options: StreamOptions,
    comments: StreamComments | undefined,
    signal: AbortSignal,
  ) {
    this.#socket = socket;
    this.#signal = signal;
    this.#stallTimeout = options.stallTimeout ?? 60_000;
    this.#heartbeats = comments?.heartbeats;
    this.#heartbeats?.add(this);
    this.#head = comments === undefined || comments.retry === false ? "" : encodeSseRetry(comments.retry);
    // The head goes out with the first events where there are some already, else alone.
    this.#first = setImmediate(() => this.#begin());
  }

  /** Wait for the promise, if there is one, before you write more. */
  write(data: string | Uint8Array): Promise<void> | undefined {
    this.#silence = 0;
    if (data.length > MAX_WRITE) {
      return this.#writePieces(typeof data === "string" ? Buffer.from(data) : data);
    }
    return this.#put(data) ? undefined : this.#drained();
  }

  /** Says that the stream is alive, where it was silent for too many ticks. */
  tick(): void {
    if (++this.#silence < TICKS) return;
    this.#silence = 0;
    if (!this.#stalled) this.#put(":\n\n");
  }

  /** Ends the stream. Who does not take what is left of it is cut off, sooner where there is no time. */
  end(hurry: boolean): void {
    this.#heartbeats?.delete(this);
    clearImmediate(this.#first);
    if (isGone(this.#socket)) return;
    this.#put("");
    const wait = hurry ? Math.min(this.#stallTimeout, LAST_WORDS) : this.#stallTimeout;
    const timer = setTimeout(() => this.#socket.destroy(), wait);
    this.#socket.once("close", () => clearTimeout(timer));
    this.#socket.end();
  }

  #begin(): void {
    // Kept on, it would keep all the immediates of its turn.
    this.#first = undefined;
    if (this.#head === "" && !isGone(this.#socket)) this.#socket.flushHeaders();
    else if (this.#head !== undefined) this.#put("");
  }

  // So that only what is due waits in the socket, and a reader that is slow is not taken for stalled.
  async #writePieces(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length && !this.#signal.aborted; at += MAX_WRITE) {
      if (!this.#put(bytes.subarray(at, at + MAX_WRITE))) await this.#drained();
    }
  }

  #put(data: string | Uint8Array): boolean {
    const head = this.#head ?? "";
    this.#head = undefined;
    if (isGone(this.#socket)) return true;
    if (typeof data === "string") return head + data === "" || this.#socket.write(head + data);
    if (head !== "") this.#socket.write(head);
    return this.#socket.write(data);
  }

  async #drained(): Promise<void> {
    const socket = this.#socket;
    const { promise, resolve } = Promise.withResolvers<void>();
    const proceed = () => resolve();
    this.#stalled = true;
    const timer = setTimeout(() => socket.destroy(), this.#stallTimeout);
    socket.once("drain", proceed);
    // That comes with the connection's end, too.
    this.#signal.addEventListener("abort", proceed);
    if (!this.#signal.aborted) await promise;
    this.#stalled = false;
    clearTimeout(timer);
    socket.off("drain", proceed);
    this.#signal.removeEventListener("abort", proceed);
  }
}

/** How many characters or bytes are written at once. */
const MAX_WRITE = 65_536;

/** How long a server that closes waits for a client to take the end of its stream, in milliseconds. */
export const LAST_WORDS = 1000;
