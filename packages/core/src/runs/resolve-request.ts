import { type AgentRequest, newResponseId, type ResolvedAgentRequest } from "@agentscope-runtime/agent-api";
import type { RunRecord } from "../contracts/run-store.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import { assertFormat } from "./answer-format.ts";
import { assertSelf } from "./assert-self.ts";
import type { Caller } from "./runs.ts";

/** The request with its ids settled. `find` looks up the run that it continues. */
export async function resolveRequest(
  request: AgentRequest,
  caller: Caller,
  find: (runId: string) => Promise<RunRecord>,
): Promise<ResolvedAgentRequest> {
  assertFormat(request);
  if (caller.userId !== undefined) assertSelf(request.user_id || undefined, caller.userId);
  const waiting = request.continues === undefined ? undefined : await find(request.continues);
  if (waiting !== undefined) assertWaiting(waiting, request);
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
