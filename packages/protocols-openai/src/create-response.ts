import { type ProtocolContext, RuntimeError, type StartedRun } from "@agentscope-runtime/core";
import { agentOf } from "./agent-of.ts";
import { withSchemaAt } from "./answer-format.ts";
import { type ResponseSessionOptions, withSession } from "./response-session.ts";
import type { ResponsesRequest } from "./to-agent-request.ts";

/** Starts the run of a response, in the session that it goes on with. Of a branch that it does not go on with it leaves nothing. */
export async function createResponse(
  context: ProtocolContext,
  params: ResponsesRequest,
  options: ResponseSessionOptions,
): Promise<StartedRun> {
  const { agents, runs } = context;
  const { caller, idempotency } = options;
  const agent = agentOf(params.request.model, agents);
  const { agentRequest, fork } = await withSession(context, agent, params, options);
  const leave = async () => {
    if (fork !== undefined) await runs().sessions.delete(agent, fork, caller);
  };
  try {
    const started = await withSchemaAt("text.format.schema", () =>
      runs().start(agent, agentRequest, { caller, idempotency }),
    );
    if (started.run.session.sessionId !== agentRequest.session_id) await leave();
    return started;
  } catch (error) {
    // By its key another attempt may be at work on the same branch; and who knows what became of the run.
    const refused = RuntimeError.is(error) && error.status < 500;
    if (refused && idempotency === undefined) await leave();
    throw error;
  }
}
