import { type AgentPart, type LogEntry, MessageAssembler, type RunOutcome } from "@agentscope-runtime/core";

/** The entries of a run that consists of those parts: `response_R1` of the session `s1`, as in the golden traces. */
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
