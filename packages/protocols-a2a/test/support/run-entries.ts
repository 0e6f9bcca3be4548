import { AgentRequest } from "@agentscope-runtime/agent-api";
import {
  type AgentPart,
  type LogEntry,
  MessageAssembler,
  type RunOutcome,
  type RunRecord,
} from "@agentscope-runtime/core";

/** The run that {@link runEntries} and the golden traces are of. */
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

/** The entries of a run that consists of those parts. */
export function runEntries(
  parts: Iterable<AgentPart>,
  outcome: RunOutcome = { status: "completed" },
): readonly LogEntry[] {
  const assembler = new MessageAssembler({
    responseId: "response_R1",
    sessionId: "s1",
    now: () => 1765000000_000,
  });
  assembler.status("created");
  assembler.status("in_progress");
  for (const part of parts) assembler.push(part);
  assembler.close(outcome.status === "completed" ? "completed" : "incomplete");
  return [...assembler.take(), assembler.terminal(outcome)];
}
