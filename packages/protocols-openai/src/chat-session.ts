import type { AgentRequest } from "@agentscope-runtime/agent-api";
import {
  type Caller,
  type HostedAgent,
  type Idempotency,
  type RunRecord,
  type RunSummary,
  type Runs,
  RuntimeError,
  type SessionName,
} from "@agentscope-runtime/core";
import { newChainId } from "./chain-id.ts";
import { answerRequests } from "./chat-answers.ts";
import type { ChatRequest } from "./chat-request.ts";
import { knownSession } from "./known-session.ts";
import { parameterError } from "./openai-error.ts";
import { waitingRun } from "./waiting-run.ts";

export interface ChatSessionOptions {
  readonly runs: Runs;
  readonly agent: HostedAgent;
  readonly caller: Caller;
  readonly idempotency: Idempotency | undefined;
}

/** The request as one of the session that it names or whose question it answers; of its messages the agent gets the new ones. */
export async function withChatSession(
  { request, added, user, sessionId, answeredRunId }: ChatRequest,
  { runs, agent, caller, idempotency }: ChatSessionOptions,
): Promise<AgentRequest> {
  // With credentials it is these that say who asks.
  const userId = caller.userId ?? user ?? null;
  if (answeredRunId !== undefined) return withAnswers(answeredRunId);
  if (sessionId === undefined) return { ...request, session_id: newChainId(), user_id: userId };
  const session = { sessionId, userId: userId ?? sessionId };
  const named = { ...request, session_id: session.sessionId, user_id: session.userId };
  const latest = await latestRun(session);
  if (!(await hasHeard(session, latest))) return named;
  if (added.length === 0) {
    const message = "messages: the last one is the assistant's, which the session has already.";
    throw parameterError("messages", "invalid_value", message);
  }
  const asked = await waitingRun(runs, latest, caller);
  const input = answerRequests(added, asked?.output ?? []);
  return { ...named, input, ...(asked === undefined ? {} : { continues: asked.id }) };

  /** The request as one that goes on with the run that asks. */
  async function withAnswers(runId: string): Promise<AgentRequest> {
    const run = await askingRun(runId);
    const { session: asking } = run;
    const isOther = sessionId !== undefined && sessionId !== asking.sessionId;
    if (isOther || (userId !== null && userId !== asking.userId)) throw notAsked();
    const goesOn = { ...request, input: added, session_id: asking.sessionId, user_id: asking.userId };
    const last = await latestRun(asking);
    // A request that is sent again with its idempotency key meets the run that it started.
    const repeats = idempotency !== undefined && last?.request.continues === runId;
    if (!repeats && (await waitingRun(runs, last, caller))?.id !== runId) {
      const message = "messages: what the agent asked was answered already, which can be done once.";
      throw parameterError("messages", "unsupported_value", message);
    }
    return { ...goesOn, continues: runId };
  }

  async function askingRun(runId: string): Promise<RunRecord> {
    try {
      return await runs.get(agent.name, runId, caller);
    } catch (error) {
      if (RuntimeError.is(error) && GONE.has(error.code)) throw notAsked();
      throw error;
    }
  }

  async function latestRun({ sessionId, userId }: Required<SessionName>): Promise<RunSummary | undefined> {
    return (await runs.list({ agent: agent.name, sessionId, userId, limit: 1 }, caller)).items[0];
  }

  /** True if the agent knows of the session: by a run that has not failed, or by the app's history. */
  async function hasHeard(name: Required<SessionName>, latest: RunSummary | undefined): Promise<boolean> {
    if (latest !== undefined && !CUT_OFF.has(latest.status)) return true;
    // Its runs may be gone, and what it was asked with may be kept all the same.
    const known = await knownSession(runs, agent, name, caller);
    return (known?.messageCount ?? 0) > 0 || (latest !== undefined && (await hasAnswered(name)));
  }

  async function hasAnswered({ sessionId, userId }: Required<SessionName>): Promise<boolean> {
    let cursor: string | undefined;
    do {
      const page = await runs.list({ agent: agent.name, sessionId, userId, cursor }, caller);
      if (page.items.some(({ status }) => !CUT_OFF.has(status))) return true;
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return false;
  }
}

function notAsked(): RuntimeError {
  const message = "messages: there is no such call for approval.";
  return parameterError("messages", "invalid_value", message);
}

const GONE: ReadonlySet<string> = new Set(["RESOURCE_NOT_FOUND", "RUN_EXPIRED"]);
/** After which the client sends the same messages again. */
const CUT_OFF: ReadonlySet<string> = new Set(["failed", "rejected", "canceled"]);
