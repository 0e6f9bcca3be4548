import { encodeSseEvent } from "@agentscope-runtime/agent-api";
import type { FastifyReply } from "fastify";
import type { z } from "zod";
import type { Logger } from "../contracts/logger.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import type { Caller } from "../runs/runs.ts";
import type { EventStreams } from "./event-stream.ts";
import type { RouteMethod } from "./route.ts";
import { untilAborted } from "./until-aborted.ts";

export interface EndpointOptions<Body extends z.ZodType, Query extends z.ZodType> {
  /** Defaults to `POST`. */
  readonly method?: RouteMethod | undefined;
  readonly summary?: string | undefined;
  /** What the body must be. Without it the handler gets the body as it came. */
  readonly body?: Body | undefined;
  /** What the query must be; its values come as strings. */
  readonly query?: Query | undefined;
}

/** What the handler of a custom endpoint gets. */
export interface EndpointContext<Body, Query, Resources> {
  readonly body: Body;
  readonly query: Query;
  readonly params: Readonly<Record<string, string>>;
  readonly caller: Caller;
  readonly resources: Resources;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** Answers with JSON, or with one event per item of an iterable. */
export type EndpointHandler<Body, Query, Resources> = (
  context: EndpointContext<Body, Query, Resources>,
) => unknown;

/** Sends an endpoint's result: an iterable of anything but strings as a stream, the rest as JSON. */
export async function sendResult(
  result: unknown,
  reply: FastifyReply,
  streams: EventStreams,
): Promise<unknown> {
  if (!isStream(result))
    return reply.type("application/json; charset=utf-8").send(JSON.stringify(result ?? null));
  streams.assertRoom();
  return streams.send(reply, (signal) => toFrames(result, signal, reply));
}

async function* toFrames(
  items: AsyncIterable<unknown> | Iterable<unknown>,
  signal: AbortSignal,
  reply: FastifyReply,
): AsyncGenerator<string> {
  try {
    for await (const item of untilAborted(items, signal)) {
      yield encodeSseEvent({ data: JSON.stringify(item ?? null) });
    }
  } catch (error) {
    if (signal.aborted) return;
    reply.log.error({ err: error }, "the endpoint failed in the middle of its stream");
    const { code, message } = RuntimeError.from(error);
    yield encodeSseEvent({ event: "error", data: JSON.stringify({ error: { code, message } }) });
  }
}

function isStream(value: unknown): value is AsyncIterable<unknown> | Iterable<unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Symbol.asyncIterator in value || (Symbol.iterator in value && "next" in value);
}
