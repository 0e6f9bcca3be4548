import type { AgentResponse } from "@agentscope-runtime/agent-api";
import { type Caller, type RunSummary, type Runs, RuntimeError } from "@agentscope-runtime/core";
import { isWaiting } from "./chat-end.ts";

/**
 * How the run ended that waits for what the session's next request brings: its last one, or the one that this has answered
 * in vain, as an answer whose run has failed was not heard. `undefined` if none waits.
 */
export async function waitingRun(
  runs: Runs,
  latest: RunSummary | undefined,
  caller: Caller,
): Promise<AgentResponse | undefined> {
  const answered = isUnheard(latest) ? latest?.request.continues : undefined;
  const run =
    answered === undefined ? latest : await kept(runs, latest?.session.agent ?? "", answered, caller);
  if (run?.status !== "incomplete" || run.expired) return undefined;
  const response = await runs.result(run.id);
  return response !== undefined && isWaiting(response) ? response : undefined;
}

/** True for a run that may be started once more, since nobody has heard what it was asked with. */
export function isUnheard(run: RunSummary | undefined): boolean {
  return run?.status === "failed" || run?.status === "rejected";
}

async function kept(
  runs: Runs,
  agent: string,
  runId: string,
  caller: Caller,
): Promise<RunSummary | undefined> {
  try {
    return await runs.get(agent, runId, caller);
  } catch (error) {
    if (RuntimeError.is(error) && GONE.has(error.code)) return undefined;
    throw error;
  }
}

const GONE: ReadonlySet<string> = new Set(["RESOURCE_NOT_FOUND", "RUN_EXPIRED"]);
