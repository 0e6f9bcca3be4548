import { isTerminal, type Status } from "@agentscope-runtime/agent-api";
import {
  type Caller,
  type LogEntry,
  type Logger,
  type ProtocolContext,
  type RunRecord,
  RuntimeError,
} from "@agentscope-runtime/core";
import type { WebSocket } from "@fastify/websocket";
import { type ClientEvent, streamIdOf, toClientEvent } from "./client-event.ts";
import { createResponse } from "./create-response.ts";
import { parameterError, toOpenAIError } from "./openai-error.ts";
import { valueAt } from "./parse-params.ts";
import { SocketWriter } from "./socket-writer.ts";
import { toAgentRequest } from "./to-agent-request.ts";
import { newOpenAIEventState, toOpenAIEvents } from "./to-openai-event.ts";

type Create = Extract<ClientEvent, { type: "response.create" }>;

/** What a client has asked for, or why that can't be answered. */
interface Asked {
  readonly ask: Create | RuntimeError;
  /** What the client would have it go on with, and in which lane, as far as it says. */
  readonly previousId: string;
  readonly streamId: string | undefined;
  readonly bytes: number;
}

export interface ResponseSocketOptions {
  readonly context: ProtocolContext;
  readonly caller: Caller;
  readonly log: Logger;
}

/**
 * Responses over one socket: one at a time, in the order in which they are asked for. A run goes on when its client
 * leaves, as it does when a stream breaks off.
 */
export class ResponseSocket {
  readonly #socket: WebSocket;
  readonly #context: ProtocolContext;
  readonly #caller: Caller;
  readonly #log: Logger;
  readonly #writer: SocketWriter;
  readonly #gone = new AbortController();
  readonly #asked: Asked[] = [];
  /** Those of its responses, the oldest first, that can be gone on with here only. */
  readonly #unstored = new Set<string>();
  #bytes = 0;
  #answering = false;

  constructor(socket: WebSocket, { context, caller, log }: ResponseSocketOptions) {
    this.#socket = socket;
    this.#context = context;
    this.#caller = caller;
    this.#log = log;
    this.#writer = new SocketWriter(socket, context.limits);
    socket.on("message", (data, isBinary) => this.#take(data as Buffer, isBinary));
    // It says goodbye by itself where a frame is too big or no frame at all.
    socket.on("error", () => this.close(1011, ""));
    socket.once("close", () => {
      this.#asked.length = 0;
      this.#gone.abort();
    });
  }

  /** Ends the socket; what it carried can be read elsewhere. */
  close(code: number, reason: string): void {
    this.#asked.length = 0;
    this.#writer.close(code, reason);
  }

  #take(data: Buffer, isBinary: boolean): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    let frame: unknown;
    let ask: ClientEvent | RuntimeError;
    try {
      frame = this.#parse(data, isBinary);
      ask = toClientEvent(frame);
    } catch (error) {
      ask = RuntimeError.from(error);
    }
    if (!RuntimeError.is(ask) && ask.type === "response.steer") {
      this.#writer.send(steerFailed(ask))?.then(() => this.#balance());
    } else {
      const previousId = String(valueAt(frame, ["previous_response_id"]));
      this.#asked.push({ ask, previousId, streamId: streamIdOf(frame), bytes: data.length });
      this.#bytes += data.length;
      if (!this.#answering) void this.#answerAll();
    }
    this.#balance();
  }

  #parse(data: Buffer, isBinary: boolean): unknown {
    if (isBinary) throw parameterError(null, "invalid_value", "A frame has to be text.");
    const { limits, parseJson } = this.#context;
    if (data.length <= limits.bodyLimit) return parseJson(data.toString());
    throw new RuntimeError("PAYLOAD_TOO_LARGE", "The frame is larger than this server takes.");
  }

  /** Listens only as long as there is room for what it hears, and for what it has to say. */
  #balance(): void {
    const full = this.#asked.length >= MAX_ASKED || this.#bytes > this.#context.limits.bodyLimit;
    if (full || this.#writer.isFull) this.#socket.pause();
    else if (this.#socket.isPaused) this.#socket.resume();
  }

  /** Never rejects. */
  async #answerAll(): Promise<void> {
    this.#answering = true;
    for (let next = this.#asked.shift(); next !== undefined; next = this.#asked.shift()) {
      const { ask, previousId, streamId, bytes } = next;
      const lane = streamId === undefined ? {} : { stream_id: streamId };
      let status: Status | undefined;
      try {
        if (RuntimeError.is(ask)) throw ask;
        status = await this.#answer(ask, lane);
      } catch (error) {
        await this.#writer.send({ ...this.#errorEvent(error), ...lane });
      }
      // A turn that has failed leaves its conversation in doubt.
      if (!canGoOn(status)) this.#unstored.delete(previousId);
      this.#bytes -= bytes;
      this.#balance();
    }
    this.#answering = false;
  }

  /** Resolves to how the run ended, or to `undefined` where that is not known here. */
  async #answer({ body }: Create, lane: object): Promise<Status | undefined> {
    const { assertRoom, hold, runs } = this.#context;
    const params = toAgentRequest(body, this.#context);
    assertRoom();
    return hold(async (closing) => {
      const options = { caller: this.#caller, unstored: this.#unstored };
      const { run } = await createResponse(this.#context, params, options);
      const signal = AbortSignal.any([closing, this.#gone.signal]);
      const status = await this.#send(run, runs().read(run.id, { follow: true, signal }), lane);
      if (run.request.store === false && canGoOn(status)) this.#keep(run.id);
      return status;
    });
  }

  async #send(
    run: RunRecord,
    batches: AsyncIterable<readonly LogEntry[]>,
    lane: object,
  ): Promise<Status | undefined> {
    const state = newOpenAIEventState(run);
    for await (const batch of batches) {
      for (const entry of batch) {
        for (const event of toOpenAIEvents(entry, state)) {
          const room = this.#writer.send({ ...event, ...lane });
          if (room !== undefined) await room;
        }
        const { event } = entry;
        if (event.object === "response" && isTerminal(event.status)) return event.status;
      }
    }
    return undefined;
  }

  #keep(id: string): void {
    this.#unstored.add(id);
    const [oldest] = this.#unstored;
    if (oldest !== undefined && this.#unstored.size > MAX_UNSTORED) this.#unstored.delete(oldest);
  }

  #errorEvent(cause: unknown): object {
    const error = RuntimeError.from(cause);
    if (error.status === 500) this.#log.error({ err: cause }, "a response over a socket failed");
    const shown = toOpenAIError(error);
    const { code, message, param } = shown;
    // The type of the SDK is flat, what OpenAI sends is not.
    return {
      type: "error",
      sequence_number: 0,
      status: error.status,
      code,
      message,
      param,
      error: shown,
    };
  }
}

function steerFailed({
  input,
  previousResponseId,
}: Extract<ClientEvent, { type: "response.steer" }>): object {
  return {
    type: "response.steer.failed",
    sequence_number: 0,
    error: {
      type: "invalid_request_error",
      code: "steering_not_supported",
      message: "A response can't be steered: cancel it, or go on with it when it has ended.",
    },
    steer: { input, previous_response_id: previousResponseId },
  };
}

function canGoOn(status: Status | undefined): boolean {
  return status === "completed" || status === "incomplete";
}

/** How many requests may wait; a client that sends more is not listened to for a while. */
const MAX_ASKED = 16;

/** How many responses that were not to be stored can be gone on with. */
const MAX_UNSTORED = 16;
