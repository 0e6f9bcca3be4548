import { createHash } from "node:crypto";
import type { RunAgentInput } from "@ag-ui/core";
import type { AgentRequest } from "@agentscope-runtime/agent-api";
import { fingerprintOf, type HostedAgent, type ProtocolContext } from "@agentscope-runtime/core";
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from "fastify";
import { answersOf } from "./answers.ts";
import { newMessages } from "./new-messages.ts";
import { readEvents, toStream } from "./read-run.ts";
import { invalid, parseRunInput } from "./run-input.ts";
import { Thread } from "./thread.ts";
import { newAgUiEventState } from "./to-ag-ui-event.ts";
import { toAgentRequest } from "./to-agent-request.ts";
import { userOf } from "./user-of.ts";
import { wireOf } from "./wire.ts";

type Context = Omit<ProtocolContext, "agents">;
type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** `POST /ag-ui`: starts the run that the input asks for, and answers with its events. */
export function runRoute(
  agentOf: (request: FastifyRequest) => HostedAgent,
  context: Context,
  onDisconnect: "continue" | "cancel",
): Handler {
  const { runs, callerOf, assertRoom, stream, during } = context;
  return async (request, reply) => {
    const input = parseRunInput(request.body);
    const agent = agentOf(request);
    const caller = callerOf(request);
    const thread = new Thread(runs(), agent, caller, input.threadId, userOf(request));
    const isKnown = await thread.has(input.runId);
    const agentRequest = isKnown
      ? toAgentRequest(input, { userId: thread.userId, messages: input.messages, onDisconnect })
      : await toRequest(input, thread, request.log);
    assertRoom();
    const idempotency = {
      key: keyOf(input.runId),
      fingerprint: fingerprintOf([request.body, thread.userId]),
    };
    const { run, replayed } = await runs().start(agent, agentRequest, { caller, idempotency });
    reply.header("x-run-id", encodeURIComponent(run.id.toWellFormed()));
    if (replayed) reply.header("idempotent-replayed", "true");
    const wire = wireOf(request.headers.accept);
    const source = (signal: AbortSignal) =>
      toStream(readEvents(runs().read(run.id, { follow: true, signal }), newAgUiEventState(run)));
    await during(run, reply, () => stream(reply, source, { ...wire, retry: false }));
    return reply;
  };

  /** The request for a run that is new, as the next one of its thread. */
  async function toRequest(
    input: RunAgentInput,
    thread: Thread,
    log: FastifyBaseLogger,
  ): Promise<AgentRequest> {
    const { resume = [] } = input;
    const latest = await thread.latest(LOOK_BACK);
    const waiting = await thread.waiting(latest);
    const answers = answersOf(resume, waiting?.interruptIds ?? []);
    const messages = await newMessages(thread, latest, input.messages, resume.length > 0);
    if (answers.unknown.length > 0) {
      // Whoever says nothing else must not have the agent go on as if it had been answered.
      if (answers.resume.length === 0 && messages.length === 0) {
        const message =
          "The thread waits for none of these answers: they were answered already, or never asked.";
        throw invalid(message, { interrupt_ids: answers.unknown });
      }
      log.warn({ thread_id: thread.id, interrupt_ids: answers.unknown }, "nobody waits for these answers");
    }
    return toAgentRequest(input, {
      userId: thread.userId,
      messages,
      onDisconnect,
      continues: waiting?.run.id,
      resume: answers.resume,
    });
  }
}

/** How many runs of a thread are looked through for the messages that a client sends again. */
const LOOK_BACK = 5;

// Run ids may be longer than idempotency keys.
function keyOf(runId: string): string {
  return `ag-ui:${createHash("sha256").update(runId).digest("base64url")}`;
}
