import { idempotencyOf, type ProtocolContext, type RuntimeError } from "@agentscope-runtime/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { A2ACall } from "./a2a-call.ts";
import { extensionsOf, versionOf } from "./protocol-version.ts";

/** A call that came in as a request of HTTP. */
export interface HttpCall extends A2ACall {
  /** What went wrong, if A2A has no words for it. */
  failure: RuntimeError | undefined;
  /** Waits for an answer, until the client has gone or the server closes; see `ProtocolContext.wait`. */
  readonly wait: <Answer>(answer: () => Promise<Answer>) => Promise<Answer | undefined>;
  /** Answers with frames, until the client has gone or the server closes; see `ProtocolContext.stream`. */
  readonly stream: (frames: () => AsyncIterable<string>) => Promise<unknown>;
}

export interface HttpCallOptions {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly context: ProtocolContext;
  readonly baseUrl: string;
  /** What the request asks for. Defaults to its body. */
  readonly asked?: unknown;
}

export function toHttpCall({
  request,
  reply,
  context,
  baseUrl,
  asked = request.body,
}: HttpCallOptions): HttpCall {
  const gone = new AbortController();
  const abortWith = (signal: AbortSignal) => {
    if (signal.aborted) gone.abort();
    else signal.addEventListener("abort", () => gone.abort(), { once: true });
  };
  const idempotency = idempotencyOf({ headers: request.headers, body: asked });
  const call: HttpCall = {
    caller: context.callerOf(request),
    signal: gone.signal,
    version: versionOf(request),
    extensions: extensionsOf(request),
    idempotency: () => idempotency,
    assertRoom: context.assertRoom,
    baseUrl,
    failure: undefined,
    failed: (error) => {
      call.failure = error;
      if (error.status >= 500 && error.cause !== undefined)
        request.log.error({ err: error }, "a call failed");
    },
    wait: (answer) =>
      context.wait(reply, (signal) => {
        abortWith(signal);
        return answer();
      }),
    stream: (frames) => {
      const source = (signal: AbortSignal) => {
        abortWith(signal);
        return frames();
      };
      return context.stream(reply, source, { retry: false });
    },
  };
  return call;
}

/** Answers with the status of what went wrong, where there is one that says more than the protocol's own. */
export function setFailure(reply: FastifyReply, { failure }: HttpCall): void {
  if (failure === undefined) return;
  reply.code(failure.status);
  if (failure.retryAfter !== undefined) reply.header("retry-after", String(failure.retryAfter));
}

/** Whatever `items` gives, the first of which must be there before the answer begins. */
export async function startItems<Item>(
  items: AsyncIterator<Item, unknown>,
  call: HttpCall,
): Promise<AsyncIterable<Item> | undefined> {
  const first = await call.wait(() => items.next());
  if (first === undefined) return undefined;
  return withFirst(first, items);
}

// An iterator by hand, and not a generator, since it is on the path of every event.
function withFirst<Item>(
  first: IteratorResult<Item, unknown>,
  items: AsyncIterator<Item, unknown>,
): AsyncIterable<Item> {
  let head: typeof first | undefined = first;
  const iterator: AsyncIterator<Item, unknown> = {
    next: () => {
      if (head === undefined) return items.next();
      const next = Promise.resolve(head);
      head = undefined;
      return next;
    },
    return: async () => (await items.return?.()) ?? { done: true, value: undefined },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}
