import { type AgentPart, type LogEntry, MessageAssembler, type RunOutcome } from "@agentscope-runtime/core";

/** An assembler of the response `response_R1`, whose clock goes on by a second with the second look at it. */
export function newAssembler(): MessageAssembler {
  let now = 1765000000_000;
  return new MessageAssembler({
    responseId: "response_R1",
    sessionId: "s1",
    now: () => {
      const time = now;
      now += 1000;
      return time;
    },
  });
}

/** The events of a run that consists of those parts. */
export function assemble(
  parts: Iterable<AgentPart>,
  outcome: RunOutcome = { status: "completed" },
): readonly LogEntry[] {
  const assembler = newAssembler();
  assembler.status("created");
  assembler.status("in_progress");
  for (const part of parts) assembler.push(part);
  assembler.close(outcome.status === "completed" ? "completed" : "incomplete");
  return [...assembler.take(), assembler.terminal(outcome)];
}
