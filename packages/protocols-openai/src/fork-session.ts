import type { Message } from "@agentscope-runtime/agent-api";
import {
  type Caller,
  type HostedAgent,
  type RunRecord,
  type Runs,
  RuntimeError,
  type SessionName,
  wireMessageId,
} from "@agentscope-runtime/core";
import { branchId, newChainId } from "./chain-id.ts";
import { parameterError } from "./openai-error.ts";
import { sessionMessages } from "./session-messages.ts";

export interface ForkOptions {
  readonly caller: Caller;
  /** Of the request that asks for it: one that is sent again has the same branch. */
  readonly key: string | undefined;
}

/**
 * Makes a session whose history is that of the run's session up to the run. Rejects with `INVALID_PARAMETER` where there
 * is no history, or where it does not tell how far the run went.
 */
export async function forkSession(
  runs: Runs,
  agent: HostedAgent,
  run: RunRecord,
  { caller, key }: ForkOptions,
): Promise<SessionName> {
  const { userId } = run.session;
  try {
    const messages = await messagesUpTo(runs, agent, run, caller);
    const fork = { sessionId: key === undefined ? newChainId() : branchId(run.id, key), userId };
    await runs.sessions.create(agent, fork, {}, caller).catch(unlessThere);
    await runs.sessions.addMessages(agent, fork, messages, caller);
    return fork;
  } catch (error) {
    throw refusalWithoutHistory(run, error);
  }
}

/**
 * The messages of the run's session up to the last of the run's own, which has ended. Rejects with `INVALID_PARAMETER`
 * where there is no history, or where it does not tell.
 */
export async function messagesUpTo(
  runs: Runs,
  agent: HostedAgent,
  run: RunRecord,
  caller: Caller,
): Promise<readonly Message[]> {
  const { sessionId, userId } = run.session;
  if (run.completedAt === undefined) throw refusal(run, "it has not ended yet");
  try {
    const messages = await sessionMessages(runs, agent, { sessionId, userId }, caller);
    const ids = await messageIds(runs, run);
    const last = messages.findLastIndex(({ id }) => ids.has(id));
    if (last === -1) throw refusal(run, "its session's history does not have its messages");
    return messages.slice(0, last + 1);
  } catch (error) {
    throw refusalWithoutHistory(run, error);
  }
}

function refusalWithoutHistory(run: RunRecord, error: unknown): unknown {
  if (!RuntimeError.is(error) || !NO_HISTORY.has(error.code)) return error;
  return refusal(run, "the agent keeps no history of its session to branch from");
}

/** The ids that the run's messages have in a history. */
async function messageIds(runs: Runs, { id, request }: RunRecord): Promise<ReadonlySet<string>> {
  const input = request.input.map((_, index) => wireMessageId(`${id}_input`, index));
  const output = (await runs.result(id))?.output ?? [];
  return new Set([...input, ...output.map((message) => message.id)]);
}

function refusal({ id }: RunRecord, why: string): RuntimeError {
  const message = `Response '${id}' was continued already, and can't be once more: ${why}.`;
  return parameterError("previous_response_id", "unsupported_value", message);
}

function unlessThere(error: unknown): void {
  if (!RuntimeError.is(error) || error.code !== "SESSION_EXISTS") throw error;
}

const NO_HISTORY: ReadonlySet<string> = new Set(["UNSUPPORTED", "RESOURCE_NOT_FOUND"]);
