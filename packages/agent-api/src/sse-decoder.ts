import { createParser, type EventSourceParser } from "eventsource-parser";
import type { SseEvent } from "./sse-encoder.ts";

export interface SseDecoderOptions {
  /** Called with the text of each comment, such as a heartbeat. */
  readonly onComment?: ((comment: string) => void) | undefined;
  /** How many characters one event may hold before `push` throws. Unbounded by default. */
  readonly maxEventLength?: number | undefined;
}

/** Turns the bytes of an event stream, cut anywhere, into events. */
export class SseDecoder {
  readonly #parser: EventSourceParser;
  readonly #text = new TextDecoder("utf-8", { ignoreBOM: true });
  #events: SseEvent[] = [];
  #error: Error | undefined;
  #lastEventId = "";
  #retry: number | undefined;

  constructor(options: SseDecoderOptions = {}) {
    this.#parser = createParser({
      onEvent: (event) => this.#events.push(event),
      onId: (id) => {
        this.#lastEventId = id;
      },
      onRetry: (retry) => {
        this.#retry = retry;
      },
      onComment: options.onComment,
      onError: (error) => {
        if (error.type === "max-buffer-size-exceeded") this.#error = error;
      },
      maxBufferSize: options.maxEventLength,
    });
  }

  /** The last `id` the server sent, `""` before the first: what to send back as `Last-Event-ID`. */
  get lastEventId(): string {
    return this.#lastEventId;
  }

  /** The reconnection time in milliseconds the server asked for, if it did. */
  get retry(): number | undefined {
    return this.#retry;
  }

  /** Takes the next piece of the stream and returns the events it completes. */
  push(chunk: Uint8Array | string): readonly SseEvent[] {
    this.#events = [];
    this.#parser.feed(typeof chunk === "string" ? chunk : this.#text.decode(chunk, { stream: true }));
    if (this.#error !== undefined) throw this.#error;
    return this.#events;
  }
}

/** The events of a byte stream, such as the body of a `fetch` response. An unfinished last event is dropped. */
export async function* decodeSse(
  source: AsyncIterable<Uint8Array | string>,
  options?: SseDecoderOptions,
): AsyncGenerator<SseEvent, void, undefined> {
  const decoder = new SseDecoder(options);
  for await (const chunk of source) yield* decoder.push(chunk);
}
