import { AgentRequest } from "@agentscope-runtime/agent-api";
import type { RunRecord } from "@agentscope-runtime/core";

/** The run that `runEntries` and the golden traces are of. */
export const run: Pick<RunRecord, "request" | "session"> = {
  request: {
    ...AgentRequest.parse({
      input: [{ id: "m1", role: "user", content: [{ type: "text", text: "Hi" }] }],
    }),
    id: "response_R1",
    session_id: "s1",
    user_id: "u1",
  },
  session: { agent: "Friday", userId: "u1", sessionId: "s1" },
};
