import type { OutgoingHttpHeaders } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyReply } from "fastify";
import type { StreamOptions } from "../app/agent-app-options.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import { shuttingDown } from "../errors/shutting-down.ts";
import { abortable } from "../runs/abortable.ts";
import { GuardedLogger } from "../runs/guarded-logger.ts";
import { Heartbeats } from "./heartbeats.ts";
import { isGone, LAST_WORDS, type Socket, StreamWriter } from "./stream-writer.ts";

/** How a stream came to its end: with its last event, by the server's will, or because the client has gone. */
export type StreamEnd = "complete" | "closed" | "gone";

export interface SendOptions<Item> {
  /** The frames of an item. Items are taken for text without it. */
  readonly encode?: ((item: Item) => string | Uint8Array) | undefined;
  /** What the stream is instead of `text/event-stream`. It has no comments then, neither heartbeats nor `retry`. */
  readonly contentType?: string | undefined;
  /** The reconnection time sent first, in milliseconds; `false` for clients that don't reconnect. */
  readonly retry?: number | false | undefined;
}

/** What is open on a server: event streams, and answers that wait for the end of a run. */
export class EventStreams {
  readonly #options: StreamOptions;
  readonly #heartbeats: Heartbeats;
  readonly #open = new Set<AbortController>();
  #closing = false;
  /** Resolves when the last one has ended. */
  #drained = Promise.withResolvers<void>();

  constructor(options: StreamOptions = {}) {
    this.#options = options;
    this.#heartbeats = new Heartbeats(options.heartbeat ?? 15_000);
  }

  /** Throws `SERVICE_UNAVAILABLE` where as many are open as may be, or the server closes. */
  assertRoom(): void {
    if (this.#closing) throw shuttingDown();
    if (this.#open.size < (this.#options.maxOpenStreams ?? 20_000)) return;
    throw new RuntimeError("SERVICE_UNAVAILABLE", "Too many streams are open: try again later.", {
      retryAfter: 1,
    });
  }

  /** Ends all: those that reach their end within a moment there, the others where they are. */
  async close(): Promise<void> {
    this.#closing = true;
    const done = new AbortController();
    const late = sleep(LAST_WORDS, undefined, { signal: done.signal }).catch(() => undefined);
    if (this.#open.size > 0) await Promise.race([this.#drained.promise, late]);
    done.abort();
    for (const stream of this.#open) stream.abort();
  }

  /**
   * Answers with what `source` gives, each item in one write. Never lets the server buffer for a slow reader: one that
   * stays stalled is cut off. An error of the source ends the stream where it is; a client may resume it. A `HEAD` is
   * answered without a look at the source.
   */
  async send<Item>(
    reply: FastifyReply,
    source: (signal: AbortSignal) => AsyncIterable<Item>,
    { encode = String, retry = this.#options.retry ?? 3000, contentType }: SendOptions<Item> = {},
  ): Promise<StreamEnd> {
    reply.hijack();
    const socket = reply.raw;
    if (reply.request.method === "HEAD") {
      openStream(reply, contentType);
      socket.end();
      return "complete";
    }
    const { signal, leave } = this.#enter(socket);
    const comments = contentType === undefined ? { retry, heartbeats: this.#heartbeats } : undefined;
    const writer = new StreamWriter(socket, this.#options, comments, signal);
    try {
      openStream(reply, contentType);
      for await (const item of source(signal)) {
        const room = writer.write(encode(item));
        if (room !== undefined) await room;
      }
      return isGone(socket) ? "gone" : signal.aborted ? "closed" : "complete";
    } catch (error) {
      new GuardedLogger(reply.log).error({ err: error }, "a stream broke off");
      return "closed";
    } finally {
      leave();
      writer.end(this.#closing);
    }
  }

  /**
   * Waits for what the answer will be. Resolves to `undefined`, the reply hijacked, where the client has gone first;
   * rejects with `SERVICE_UNAVAILABLE` where the server closes first.
   */
  async wait<Answer>(
    reply: FastifyReply,
    answer: (signal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer | undefined> {
    const { signal, leave } = this.#enter(reply.raw);
    try {
      const known = signal.aborted ? undefined : await abortable(answer(signal), signal);
      if (known !== undefined || !signal.aborted) return known;
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      leave();
    }
    if (!isGone(reply.raw)) throw shuttingDown();
    reply.hijack();
    return undefined;
  }

  /** Counts what goes on elsewhere, such as on a socket, as an open stream; the signal aborts when the server closes. */
  async hold<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const stream = this.#add();
    try {
      return await work(stream.signal);
    } finally {
      this.#remove(stream);
    }
  }

  /** Counts what is open, until it leaves; the signal aborts when its client has gone or the server closes. */
  #enter(socket: Socket): { signal: AbortSignal; leave: () => void } {
    const stream = this.#add();
    const onClose = () => stream.abort();
    socket.on("close", onClose);
    if (isGone(socket)) stream.abort();
    const leave = () => {
      socket.off("close", onClose);
      this.#remove(stream);
    };
    return { signal: stream.signal, leave };
  }

  #add(): AbortController {
    const stream = new AbortController();
    this.#open.add(stream);
    if (this.#closing) stream.abort();
    return stream;
  }

  #remove(stream: AbortController): void {
    this.#open.delete(stream);
    if (this.#open.size > 0) return;
    this.#drained.resolve();
    this.#drained = Promise.withResolvers();
  }
}

/** Whoever resets the connection shall not take the process along. */
function destroy(this: Socket): void {
  this.destroy();
}

// Fastify's own way of sending is left here, so its headers have to be taken along.
function openStream(reply: FastifyReply, contentType = "text/event-stream; charset=utf-8"): void {
  const { raw } = reply;
  raw.on("error", destroy);
  if (isGone(raw)) return;
  raw.writeHead(200, {
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    "content-type": contentType,
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
  });
}
