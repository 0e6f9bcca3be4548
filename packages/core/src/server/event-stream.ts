import type { OutgoingHttpHeaders } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeSseRetry } from "@agentscope-runtime/agent-api";
import type { FastifyReply } from "fastify";
import type { StreamOptions } from "../app/agent-app-options.ts";
import { RuntimeError } from "../errors/runtime-error.ts";

/** How a stream came to its end: with its last event, by the server's will, or because the client has gone. */
export type StreamEnd = "complete" | "closed" | "gone";

export interface SendOptions<Item> {
  /** The frames of an item. Items are taken for text without it. */
  readonly encode?: ((item: Item) => string) | undefined;
  /** The reconnection time sent first, in milliseconds; `false` for clients that don't reconnect. */
  readonly retry?: number | false | undefined;
}

type Socket = FastifyReply["raw"];

/** The open event streams of a server. */
export class EventStreams {
  readonly #options: StreamOptions;
  readonly #open = new Set<AbortController>();
  #closing = false;
  /** Resolves when the last stream has ended. */
  #drained = Promise.withResolvers<void>();

  constructor(options: StreamOptions = {}) {
    this.#options = options;
  }

  /** Throws `SERVICE_UNAVAILABLE` where there are as many as there may be. */
  assertRoom(): void {
    if (this.#open.size < (this.#options.maxOpenStreams ?? 20_000)) return;
    throw new RuntimeError("SERVICE_UNAVAILABLE", "Too many streams are open: try again later.", {
      retryAfter: 1,
    });
  }

  /** Ends all streams: those that reach their end within a moment there, the others where they are. */
  async close(): Promise<void> {
    const done = new AbortController();
    const late = sleep(LAST_WORDS, undefined, { signal: done.signal }).catch(() => undefined);
    if (this.#open.size > 0) await Promise.race([this.#drained.promise, late]);
    done.abort();
    this.#closing = true;
    for (const stream of this.#open) stream.abort();
  }

  /**
   * Answers with what `source` gives, each item in one write. Never lets the server buffer for a slow reader: one that
   * stays stalled is cut off. An error of the source ends the stream where it is; a client may resume it.
   */
  async send<Item>(
    reply: FastifyReply,
    source: (signal: AbortSignal) => AsyncIterable<Item>,
    { encode = String, retry = this.#options.retry ?? 3000 }: SendOptions<Item> = {},
  ): Promise<StreamEnd> {
    const stream = new AbortController();
    reply.hijack();
    const socket = reply.raw;
    const onClose = () => stream.abort();
    socket.on("close", onClose);
    this.#open.add(stream);
    if (this.#closing || isGone(socket)) stream.abort();
    const writer = new StreamWriter(socket, this.#options, retry, stream.signal);
    try {
      openStream(reply);
      for await (const item of source(stream.signal)) {
        const room = writer.write(encode(item));
        if (room !== undefined) await room;
      }
      return isGone(socket) ? "gone" : stream.signal.aborted ? "closed" : "complete";
    } catch (error) {
      reply.log.error({ err: error }, "a stream broke off");
      return "closed";
    } finally {
      this.#open.delete(stream);
      if (this.#open.size === 0) {
        this.#drained.resolve();
        this.#drained = Promise.withResolvers();
      }
      socket.off("close", onClose);
      writer.end(this.#closing);
    }
  }
}

// Fastify's own way of sending is left here, so its headers have to be taken along.
function openStream(reply: FastifyReply): void {
  const { raw } = reply;
  // Whoever resets the connection shall not take the process along.
  raw.on("error", () => raw.destroy());
  if (isGone(raw)) return;
  raw.writeHead(200, {
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
  });
}

// In HTTP/2 it is not the response that says so, but its stream.
function isGone(socket: Socket): boolean {
  return socket.destroyed || (socket as { stream?: { destroyed: boolean } }).stream?.destroyed === true;
}

/** Writes to one connection: with respect for its pace, and with comments where there is nothing to say. */
class StreamWriter {
  readonly #socket: Socket;
  readonly #signal: AbortSignal;
  readonly #stallTimeout: number;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #first: NodeJS.Immediate;
  #head: string;
  #stalled = false;

  constructor(socket: Socket, options: StreamOptions, retry: number | false, signal: AbortSignal) {
    const { heartbeat = 15_000, stallTimeout = 60_000 } = options;
    this.#socket = socket;
    this.#signal = signal;
    this.#stallTimeout = stallTimeout;
    this.#head = retry === false ? "" : encodeSseRetry(retry);
    // The head goes out with the first events where there are some already, else alone.
    this.#first = setImmediate(() => this.#put(""));
    this.#heartbeat = setInterval(() => this.#beat(), heartbeat);
  }

  /** Wait for the promise, if there is one, before you write more. */
  write(text: string): Promise<void> | undefined {
    this.#heartbeat.refresh();
    if (text.length > MAX_WRITE) return this.#writePieces(Buffer.from(text));
    return this.#put(text) ? undefined : this.#drained();
  }

  /** Ends the stream. Who does not take what is left of it is cut off, sooner where there is no time. */
  end(hurry: boolean): void {
    clearInterval(this.#heartbeat);
    clearImmediate(this.#first);
    if (isGone(this.#socket)) return;
    this.#put("");
    const wait = hurry ? Math.min(this.#stallTimeout, LAST_WORDS) : this.#stallTimeout;
    const timer = setTimeout(() => this.#socket.destroy(), wait);
    this.#socket.once("close", () => clearTimeout(timer));
    this.#socket.end();
  }

  // So that only what is due waits in the socket, and a reader that is slow is not taken for stalled.
  async #writePieces(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length && !this.#signal.aborted; at += MAX_WRITE) {
      if (!this.#put(bytes.subarray(at, at + MAX_WRITE))) await this.#drained();
    }
  }

  #put(data: string | Uint8Array): boolean {
    const head = this.#head;
    this.#head = "";
    if (isGone(this.#socket)) return true;
    if (typeof data === "string") return head + data === "" || this.#socket.write(head + data);
    if (head !== "") this.#socket.write(head);
    return this.#socket.write(data);
  }

  #beat(): void {
    if (!this.#stalled) this.#put(":\n\n");
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
const LAST_WORDS = 1000;
