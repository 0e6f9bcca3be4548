import {
  type HostedAgent,
  type ProtocolContext,
  type RunSummary,
  RuntimeError,
} from "@agentscope-runtime/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import { toStream } from "./read-run.ts";
import { readThread } from "./read-thread.ts";
import { parseThreadId } from "./run-input.ts";
import { Thread } from "./thread.ts";
import { userOf } from "./user-of.ts";
import { wireOf } from "./wire.ts";

type Context = Omit<ProtocolContext, "agents">;
type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/**
 * `POST /ag-ui/connect`: the thread that the input names, replayed and followed until none of its runs goes on. Of the
 * input nothing else counts.
 */
export function connectRoute(agentOf: (request: FastifyRequest) => HostedAgent, context: Context): Handler {
  const { runs, callerOf, assertRoom, stream, during } = context;
  return async (request, reply) => {
    const threadId = parseThreadId(request.body);
    const thread = new Thread(runs(), agentOf(request), callerOf(request), threadId, userOf(request));
    const known = await thread.runs();
    if (known.length === 0) throw new RuntimeError("RESOURCE_NOT_FOUND", `There is no thread ${threadId}.`);
    assertRoom();
    const wire = wireOf(request.headers.accept);
    const source = (signal: AbortSignal) => toStream(readThread(runs(), thread, known, signal));
    const answer = () => stream(reply, source, { ...wire, retry: false });
    const active = known.filter(({ completedAt }) => completedAt === undefined);
    await duringAll(active, answer);
    return reply;

    // Whoever connects is back: the runs that would end with their client have one again.
    function duringAll(
      [run, ...others]: readonly RunSummary[],
      then: () => Promise<unknown>,
    ): Promise<unknown> {
      return run === undefined ? then() : during(run, reply, () => duringAll(others, then));
    }
  };
}
