import { createParser, type EventSourceParser } from "eventsource-parser";
import type { SseEvent } from "./sse-encoder.ts";

export interface SseDecoderOptions {
  /** Called with the text of each comment, such as a heartbeat. */
  readonly onComment?: ((comment: string) => void) | undefined;
  /** How many characters the `data` of one event may have before `push` throws. Unbounded by default. */
  readonly maxEventLength?: number | undefined;
}

/** Turns the bytes of an event stream, cut anywhere, into events. */
export class SseDecoder {
  readonly #parser: EventSourceParser;
  readonly #text = new TextDecoder("utf-8", { ignoreBOM: true });
  #events: SseEvent[] = [];
  #error: RangeError | undefined;
  #parsedId = "";
  #lastEventId = "";
  #retry: number | undefined;

  constructor({ onComment, maxEventLength = Number.POSITIVE_INFINITY }: SseDecoderOptions = {}) {
    const fail = () => {
      this.#error ??= new RangeError(`The data of an SSE event is longer than ${maxEventLength} characters.`);
    };
    this.#parser = createParser({
      // The parser bounds what it buffers; an event that comes in one piece it never buffers.
      onEvent: (event) => (event.data.length > maxEventLength ? fail() : this.#events.push(event)),
      onId: (id) => {
        this.#parsedId = id;
      },
      onRetry: (retry) => {
        this.#retry = retry;
      },
      onComment,
      onError: (error) => {
        if (error.type === "max-buffer-size-exceeded") fail();
      },
      maxBufferSize: maxEventLength + OTHER_FIELDS,
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

  /**
   * Takes the next piece of the stream and returns the events it completes. Once it throws it always does, and
   * `lastEventId` stays at the last event it returned.
   */
  push(chunk: Uint8Array | string): readonly SseEvent[] {
    this.#events = [];
    if (this.#error === undefined) {
      this.#parser.feed(typeof chunk === "string" ? chunk : this.#text.decode(chunk, { stream: true }));
    }
    if (this.#error !== undefined) throw this.#error;
    this.#lastEventId = this.#parsedId;
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

// What the parser may buffer beside the data: the name of its field, and an unfinished line of another.
const OTHER_FIELDS = 4096;
