import type { AgentRequest, AgentResponse } from "@agentscope-runtime/agent-api";
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
import { isWaiting } from "./chat-end.ts";
import type { ChatRequest } from "./chat-request.ts";
import { parameterError } from "./openai-error.ts";

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
  if (latest === undefined && !(await isRemembered(session))) return named;
  if (added.length === 0) {
    const message = "messages: the last one is the assistant's, which the session has already.";
    throw parameterError("messages", "invalid_value", message);
  }
  const asked = latest === undefined ? undefined : await whatWaits(latest);
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
    if (!repeats && (last?.id !== runId || (await whatWaits(run)) === undefined)) {
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

  /** How the run ended, if it waits for what comes next. */
  async function whatWaits({ id, status, expired }: RunSummary): Promise<AgentResponse | undefined> {
    if (status !== "incomplete" || expired) return undefined;
    const response = await runs.result(id);
    return response !== undefined && isWaiting(response) ? response : undefined;
  }

  /** True if the app's history knows the session, though its runs may be gone. */
  async function isRemembered(name: Required<SessionName>): Promise<boolean> {
    try {
      return (await runs.sessions.get(agent, name, caller)).messageCount > 0;
    } catch (error) {
      if (RuntimeError.is(error) && NO_HISTORY.has(error.code)) return false;
      throw error;
    }
  }
}

function notAsked(): RuntimeError {
  const message = "messages: there is no such call for approval.";
  return parameterError("messages", "invalid_value", message);
}

const GONE: ReadonlySet<string> = new Set(["RESOURCE_NOT_FOUND", "RUN_EXPIRED"]);
const NO_HISTORY: ReadonlySet<string> = new Set(["RESOURCE_NOT_FOUND", "UNSUPPORTED"]);
