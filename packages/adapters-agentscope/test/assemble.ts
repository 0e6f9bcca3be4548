import { agentscope } from "@agentscope-runtime/adapters-agentscope";
import {
  type AgentPart,
  type LogEntry,
  MessageAssembler,
  type RunOutcome,
  RuntimeError,
} from "@agentscope-runtime/core";
import type { Printed } from "./script.ts";

/** The parts of a stream. */
export async function partsOf(printed: Iterable<unknown>, failure?: Error): Promise<AgentPart[]> {
  const parts: AgentPart[] = [];
  await readAll(printed, failure, (part) => parts.push(part));
  return parts;
}

/** The entries of a run whose handler yields `printed`, and then throws `failure` if there is one. */
export async function entriesOf(printed: Iterable<Printed>, failure?: Error): Promise<readonly LogEntry[]> {
  const times = [1765000000_000, 1765000001_000];
  const now = () => times.shift() ?? Number.NaN;
  const assembler = new MessageAssembler({ responseId: "response_R1", sessionId: "s1", now });
  assembler.status("created");
  assembler.status("in_progress");
  let outcome: RunOutcome = { status: "completed" };
  try {
    await readAll(printed, failure, (part) => assembler.push(part));
  } catch (error) {
    if (!RuntimeError.is(error)) throw error;
    const { code, message } = error;
    outcome = { status: code === "RUN_CANCELED" ? "canceled" : "failed", error: { code, message } };
  }
  assembler.close(outcome.status === "completed" ? "completed" : "incomplete");
  return [...assembler.take(), assembler.terminal(outcome)];
}

async function readAll(
  printed: Iterable<unknown>,
  failure: Error | undefined,
  emit: (part: AgentPart) => void,
): Promise<void> {
  const reader = agentscope().fromStream(emit);
  for (const item of printed) reader.push(item as Printed);
  if (failure !== undefined) throw failure;
  reader.end();
}
