import type { ProtocolContext, RunSummary } from "@agentscope-runtime/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import { agentOf } from "./agent-of.ts";
import { isChainId } from "./chain-id.ts";

export interface DeleteLoneRunOptions<Answer> {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly answer: Answer;
  /** What is thrown where the run shares its session, which can only be deleted as a whole. */
  readonly shared: () => Error;
}

/** Deletes a run and the session that it has to itself. Resolves to the answer, or to the reply where the client has gone. */
export async function deleteLoneRun<Answer>(
  { agents, assertRoom, callerOf, runs, wait }: ProtocolContext,
  { session, request: asked }: Pick<RunSummary, "session" | "request">,
  { request, reply, answer, shared }: DeleteLoneRunOptions<Answer>,
): Promise<Answer | FastifyReply> {
  const caller = callerOf(request);
  const { items, nextCursor } = await runs().list({ ...session, limit: 2 }, caller);
  const isAlone =
    items.length <= 1 &&
    nextCursor === undefined &&
    asked.conversation === undefined &&
    isChainId(session.sessionId);
  if (!isAlone) throw shared();
  assertRoom();
  const { sessionId, userId } = session;
  // Goes on even where the client does not wait for it.
  const deleted = await wait(reply, async () => {
    await runs().sessions.delete(agentOf(session.agent, agents), { sessionId, userId }, caller);
    return answer;
  });
  return deleted ?? reply;
}
