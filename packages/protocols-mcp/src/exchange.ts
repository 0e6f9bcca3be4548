import type { Caller, ProtocolContext } from "@agentscope-runtime/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Pace } from "./pace.ts";

/** One request that the SDK answers. */
export interface Exchange {
  readonly caller: Caller;
  readonly pace: Pace;
  readonly log: FastifyRequest["log"];
  /** Aborts when the client does not wait any more for the answer. */
  readonly gone: AbortSignal;
}

/** Answers web requests, as the SDK does. */
export type WebHandler = (request: Request, options: { readonly parsedBody?: unknown }) => Promise<Response>;

/**
 * Has the SDK answer a request. Its streams go out as all streams of the server do, and its handlers are held up where
 * the client does not keep pace.
 */
export class Exchanges {
  readonly #context: Pick<ProtocolContext, "stream" | "wait">;
  readonly #open = new WeakMap<Request, Exchange>();

  constructor(context: Pick<ProtocolContext, "stream" | "wait">) {
    this.#context = context;
  }

  /** What a request of the SDK is part of. */
  of(request: Request | undefined): Exchange | undefined {
    return request === undefined ? undefined : this.#open.get(request);
  }

  /** Answers; `canceled` ends the wait, as if the client had gone. */
  async answer(handler: WebHandler, { request, reply, caller, canceled }: ExchangeRequest): Promise<unknown> {
    const end = new AbortController();
    const web = toWebRequest(request, end.signal);
    const gone = new AbortController();
    const exchange: Exchange = { caller, pace: new Pace(), log: request.log, gone: gone.signal };
    this.#open.set(web, exchange);
    const leave = () => {
      gone.abort();
      end.abort();
    };
    canceled.addEventListener("abort", leave);
    try {
      const answered = handler(web, { parsedBody: request.body });
      const response = await this.#context.wait(reply, () => answered);
      if (response === undefined) {
        leave();
        return reply;
      }
      if (response.headers.get("content-type") !== "text/event-stream") {
        reply.code(response.status).headers(headersOf(response));
        return reply.send(await response.text());
      }
      reply.headers(headersOf(response));
      const { body } = response;
      const source = (signal: AbortSignal) => framesOf(body, exchange.pace, signal);
      const how = await this.#context.stream(reply, source, { retry: false });
      if (how === "gone") leave();
      return reply;
    } finally {
      canceled.removeEventListener("abort", leave);
      exchange.pace.end();
      end.abort();
    }
  }
}

export interface ExchangeRequest {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly caller: Caller;
  readonly canceled: AbortSignal;
}

async function* framesOf(
  body: ReadableStream<Uint8Array> | null,
  pace: Pace,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const reader = body?.getReader();
  const cancel = () => void reader?.cancel().catch(() => undefined);
  signal.addEventListener("abort", cancel);
  const decoder = new TextDecoder();
  try {
    for (let piece = await reader?.read(); piece?.done === false; piece = await reader?.read()) {
      pace.taken();
      yield decoder.decode(piece.value, { stream: true });
    }
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

function toWebRequest({ method, headers }: FastifyRequest, signal: AbortSignal): Request {
  const copied = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    // In HTTP/2 there are names that only look like headers.
    if (value !== undefined && !name.startsWith(":")) copied.set(name, String(value));
  }
  // The SDK looks at no more of the address than that there is one.
  return new Request("http://localhost/mcp", { method, headers: copied, signal });
}

function headersOf({ headers }: Response): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => !HOP_BY_HOP.has(name)));
}

const HOP_BY_HOP: ReadonlySet<string> = new Set(["connection", "content-length", "transfer-encoding"]);
