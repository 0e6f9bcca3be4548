import { AgentRequest } from "@agentscope-runtime/agent-api";
import type { RunRecord } from "@agentscope-runtime/core";

/** The run that `runEntries` and the golden traces are of. */
export const run: Pick<RunRecord, "request" | "session"> = {
  request: {
    ...AgentRequest.parse({ input: [], model: "any_name" }),
    id: "response_R1",
    session_id: "s1",
    user_id: "u1",
  },
  session: { agent: "Friday", userId: "u1", sessionId: "s1" },
};

/** The same run, of a request that asks for JSON. */
export const jsonRun: typeof run = {
  ...run,
  request: { ...run.request, text: { format: { type: "json_object" } } },
};
