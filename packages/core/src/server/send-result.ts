import { encodeSseEvent } from "@agentscope-runtime/agent-api";
import type { FastifyReply } from "fastify";
import { RuntimeError } from "../errors/runtime-error.ts";
import { abortable } from "../runs/abortable.ts";
import type { EventStreams } from "./event-stream.ts";

/** Sends what an endpoint returned: an iterable, but for texts and arrays, as a stream, the rest as JSON. */
export async function sendResult(
  result: unknown,
  reply: FastifyReply,
  streams: EventStreams,
): Promise<unknown> {
  if (!isIterable(result))
    return reply.type("application/json; charset=utf-8").send(JSON.stringify(result ?? null));
  streams.assertRoom();
  const iterator =
    Symbol.asyncIterator in result ? result[Symbol.asyncIterator]() : result[Symbol.iterator]();
  try {
    const first = await streams.wait(reply, async () => iterator.next());
    if (first === undefined) return reply;
    return await streams.send(reply, (signal) => toFrames(first, iterator, signal, reply));
  } finally {
    leave(iterator);
  }
}

type AnyIterator = AsyncIterator<unknown> | Iterator<unknown>;

async function* toFrames(
  first: IteratorResult<unknown>,
  iterator: AnyIterator,
  signal: AbortSignal,
  reply: FastifyReply,
): AsyncGenerator<string> {
  try {
    let next = first;
    while (next.done !== true) {
      yield encodeSseEvent({ data: JSON.stringify((await next.value) ?? null) });
      if (signal.aborted) return;
      next = await abortable(Promise.resolve(iterator.next()), signal);
    }
  } catch (error) {
    if (signal.aborted) return;
    reply.log.error({ err: error }, "the endpoint failed in the middle of its stream");
    const { code, message } = RuntimeError.from(error);
    yield encodeSseEvent({ event: "error", data: JSON.stringify({ error: { code, message } }) });
  }
}

/** Lets go of an iterator, whether it has ended or not. Nobody waits for one that may be in the middle of something. */
function leave(iterator: AnyIterator): void {
  (async () => iterator.return?.())().catch(() => undefined);
}

function isIterable(value: unknown): value is AsyncIterable<unknown> | Iterable<unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}
