import { type AgentRequest, newResponseId, type ResolvedAgentRequest } from "@agentscope-runtime/agent-api";
import type { RunRecord } from "../contracts/run-store.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import { assertAsked } from "./assert-asked.ts";
import { assertSelf } from "./assert-self.ts";
import type { Caller, Runs } from "./runs.ts";

/** The request to that agent with its ids settled, if the run that it continues waits for it. */
export async function resolveRequest(
  runs: Pick<Runs, "get" | "result">,
  agent: string,
  request: AgentRequest,
  caller: Caller,
): Promise<ResolvedAgentRequest> {
  if (caller.userId !== undefined) assertSelf(request.user_id || undefined, caller.userId);
  const { continues } = request;
  const waiting = continues === undefined ? undefined : await runs.get(agent, continues, caller);
  if (waiting !== undefined) {
    assertWaiting(waiting, request);
    await assertAsked(request, (runId) => runs.result(runId));
  }
  const sessionId = request.session_id || waiting?.session.sessionId || crypto.randomUUID();
  const userId = caller.userId || request.user_id || waiting?.session.userId || sessionId;
  return { ...request, id: request.id || newResponseId(), session_id: sessionId, user_id: userId };
}

function assertWaiting({ id, status, session }: RunRecord, request: AgentRequest): void {
  if (status !== "incomplete") {
    throw new RuntimeError(
      "INVALID_PARAMETER",
      `continues names run ${id}, which is ${status} and waits for nothing.`,
    );
  }
  if (request.session_id && request.session_id !== session.sessionId) {
    throw new RuntimeError("INVALID_PARAMETER", `continues names run ${id}, which is of another session.`);
  }
}
