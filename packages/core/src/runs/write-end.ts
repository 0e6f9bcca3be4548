import type { TerminalStatus } from "@agentscope-runtime/agent-api";
import type { MessageAssembler, RunOutcome } from "../assembler/message-assembler.ts";
import type { LogEntry } from "../contracts/log-entry.ts";
import type { RunStore } from "../contracts/run-store.ts";
import { canceledOutcome } from "./run-outcome.ts";

/**
 * Writes the last entries of a run by `finish`: as canceled, if that was accepted meanwhile. Resolves to how it has ended,
 * or to `undefined` if it had ended before.
 */
export async function writeEnd(
  store: RunStore,
  runId: string,
  assembler: MessageAssembler,
  outcome: RunOutcome,
  finish: (status: TerminalStatus, entries: readonly LogEntry[]) => Promise<boolean>,
): Promise<RunOutcome | undefined> {
  const entries = assembler.take();
  const end = (how: RunOutcome) => finish(how.status, [...entries, assembler.terminal(how)]);
  if (await end(outcome)) return outcome;
  const cancel = (await store.get(runId))?.cancel;
  if (cancel === undefined) return undefined;
  const canceled = canceledOutcome(cancel);
  return (await end(canceled)) ? canceled : undefined;
}
