import { listRuns, type ProtocolContext, type RunRecord, RuntimeError } from "@agentscope-runtime/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import { agentOf } from "./agent-of.ts";
import { isChainId } from "./chain-id.ts";
import type { ChatCompletion } from "./chat-completion.ts";
import { findResponse } from "./find-response.ts";
import { parameterError } from "./openai-error.ts";
import { toFinalCompletion } from "./to-chat-answer.ts";

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** `GET /chat/completions/:id`: a completion that was to be stored, once it is there. */
export function chatRetrieveRoute(context: ProtocolContext): Handler {
  return async (request) => {
    const { run, completion } = await find(context, request);
    return { ...completion, metadata: run.request.metadata ?? null };
  };
}

/** `DELETE /chat/completions/:id`: deletes the completion with all there is of it, unless it is part of a session. */
export function chatDeleteRoute(context: ProtocolContext): Handler {
  const { agents, assertRoom, callerOf, runs, wait } = context;
  return async (request, reply) => {
    const { id, session, request: asked } = (await find(context, request)).run;
    const caller = callerOf(request);
    const { items } = await listRuns(runs(), { ...session, limit: 2 }, caller);
    const { session_id: named } = (asked.metadata ?? {}) as { readonly session_id?: unknown };
    if (items.length > 1 || named || asked.conversation !== undefined || !isChainId(session.sessionId)) {
      const message = `Completion '${id}' is part of a session, which can only be deleted as a whole.`;
      throw parameterError("completion_id", "unsupported_value", message);
    }
    assertRoom();
    const { sessionId, userId } = session;
    // Goes on even where the client does not wait for it.
    const deleted = await wait(reply, async () => {
      await runs().sessions.delete(agentOf(session.agent, agents), { sessionId, userId }, caller);
      return { id, object: "chat.completion.deleted", deleted: true };
    });
    return deleted ?? reply;
  };
}

async function find(
  context: ProtocolContext,
  request: FastifyRequest,
): Promise<{ readonly run: RunRecord; readonly completion: ChatCompletion }> {
  const { id } = request.params as { readonly id: string };
  try {
    const run = await findResponse(context, id, context.callerOf(request));
    // Of Chat Completions, only what the client wants stored is; and there is none of a run that has failed.
    if (run.request.store === true && STORED.has(run.status)) {
      const completion = await toFinalCompletion(run, context.runs().read(run.id, {}));
      if (completion !== undefined) return { run, completion };
    }
  } catch (error) {
    if (!RuntimeError.is(error) || !GONE.has(error.code)) throw error;
  }
  throw new RuntimeError("RESOURCE_NOT_FOUND", `Completion with id '${id.slice(0, 1024)}' not found.`, {
    details: { param: "completion_id", code: "completion_not_found" },
  });
}

const STORED: ReadonlySet<string> = new Set(["completed", "incomplete"]);
const GONE: ReadonlySet<string> = new Set(["RESOURCE_NOT_FOUND", "RUN_EXPIRED"]);
