import { once } from "node:events";
import { type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { type AgentEvent, SseDecoder } from "@agentscope-runtime/agent-api";

export interface OpenOptions {
  /** Sent as JSON, which makes it a POST. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** An event as it came: what stood in `id:`, and what was in `data:`. */
export interface Received {
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly event: AgentEvent;
}

/** Reads an event stream over a socket of its own, which it can cut. */
export class EventReader implements AsyncDisposable {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly comments: string[] = [];
  readonly #response: IncomingMessage;
  readonly #decoder = new SseDecoder({ onComment: (comment) => this.#onComment(comment) });
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #ready: Received[] = [];
  #commented = Promise.withResolvers<void>();
  #reading: Promise<Received | undefined> | undefined;

  constructor(response: IncomingMessage) {
    this.#response = response;
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    this.#chunks = response[Symbol.asyncIterator]();
  }

  static async open(url: string, { body, headers = {} }: OpenOptions = {}): Promise<EventReader> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const type = text === undefined ? {} : { "content-type": "application/json" };
    const method = text === undefined ? "GET" : "POST";
    const outgoing = request(url, { method, agent: false, headers: { ...type, ...headers } });
    outgoing.end(text);
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    outgoing.on("error", () => undefined);
    return new EventReader(response);
  }

  get retry(): number | undefined {
    return this.#decoder.retry;
  }

  /** The next event, or `undefined` when the stream ends or is cut. */
  next(): Promise<Received | undefined> {
    const reading = this.#reading ?? this.#read();
    this.#reading = undefined;
    return reading;
  }

  /** The next events up to the first that fits, which is the last of them; up to the end if none does. */
  async until(fits: (event: AgentEvent) => boolean): Promise<AgentEvent[]> {
    const events: AgentEvent[] = [];
    for (let next = await this.next(); next !== undefined; next = await this.next()) {
      events.push(next.event);
      if (fits(next.event)) break;
    }
    return events;
  }

  /** All events that are still to come. */
  rest(): Promise<AgentEvent[]> {
    return this.until(() => false);
  }

  /** Resolves with the next comment; the events that come meanwhile are kept. */
  async comment(): Promise<void> {
    this.#commented = Promise.withResolvers();
    this.#reading ??= this.#read();
    await Promise.race([this.#commented.promise, this.#reading]);
  }

  /** Ends the connection without a word. */
  cut(): void {
    this.#response.socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
  }

  async #read(): Promise<Received | undefined> {
    while (this.#ready.length === 0) {
      const chunk = await this.#chunks.next().catch(() => ({ done: true }) as const);
      if (chunk.done === true) return undefined;
      for (const { id, event, data } of this.#decoder.push(chunk.value)) {
        this.#ready.push({ id, name: event, event: JSON.parse(data) as AgentEvent });
      }
    }
    return this.#ready.shift();
  }

  #onComment(comment: string): void {
    this.comments.push(comment);
    this.#commented.resolve();
  }
}
