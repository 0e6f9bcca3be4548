import { decodeCursor, encodeCursor, RuntimeError } from "@agentscope-runtime/core";
import { z } from "zod";

/** A place in the stream of a call: all that is needed to go on with the stream from there, in any process. */
export interface CallPlace {
  readonly agent: string;
  /** The run that is read: the call's first, or one that continues it. */
  readonly runId: string;
  /** The number of the last entry whose message was sent; -1 before the first. */
  readonly seq: number;
  /** What the runs before this one have counted. */
  readonly base: number;
  /** The id of the client's request. */
  readonly requestId: string | number;
  /** What the client wants its progress to be known by; none is sent without it. */
  readonly token: string | number | null;
}

/** As the id of an event. */
export function toEventId({ agent, runId, seq, base, requestId, token }: CallPlace): string {
  return encodeCursor([agent, runId, seq, base, requestId, token]);
}

/** The place that an event's id stands for; throws `INVALID_PARAMETER` for one that was made up. */
export function fromEventId(id: string): CallPlace {
  try {
    const [agent, runId, seq, base, requestId, token] = decodeCursor(id, EventId);
    return { agent, runId, seq, base, requestId, token };
  } catch (error) {
    throw new RuntimeError("INVALID_PARAMETER", "Last-Event-ID is the id of no event of this server.", {
      cause: error,
    });
  }
}

const text = z.string().min(1).max(1024);
const rpcId = z.union([z.string().max(4096), z.int()]);
const EventId = z.tuple([text, text, z.int().min(-1), z.int().min(0), rpcId, rpcId.nullable()]);
