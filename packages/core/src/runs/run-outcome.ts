import type { TerminalStatus } from "@agentscope-runtime/agent-api";
import type { MessageAssembler, RunOutcome } from "../assembler/message-assembler.ts";
import type { CancelRequest } from "../contracts/run-store.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import type { HostedAgent } from "./hosted-agent.ts";

/** How a run ends whose handler has returned. */
export function outcomeOf({ finish: { reason, requestIds } }: MessageAssembler): RunOutcome {
  if (reason === "stop" && requestIds.length === 0) return { status: "completed" };
  if (reason === "rejected") return { status: "rejected" };
  if (requestIds.length === 0) return { status: "incomplete", incomplete: { reason } };
  const why = reason === "auth_required" ? reason : "input_required";
  return { status: "incomplete", incomplete: { reason: why, request_ids: [...requestIds] } };
}

/** How a run ends whose handler has thrown. What clients see holds nothing of an unknown error. */
export function failureOf(error: unknown, agent: HostedAgent, runId: string): RunOutcome {
  const known = RuntimeError.is(error) ? error : translated(error, agent);
  const shown =
    known ??
    new RuntimeError(
      "AGENT_UNKNOWN_ERROR",
      `The agent failed. The server's log has more about run ${runId}.`,
    );
  return { status: "failed", error: { code: shown.code, message: shown.message } };
}

function translated(error: unknown, { adapter }: HostedAgent): RuntimeError | undefined {
  try {
    return adapter.toRuntimeError?.(error);
  } catch {
    // A run has to end, whatever its adapter makes of the error.
    return undefined;
  }
}

export function canceledOutcome({ reason }: CancelRequest): RunOutcome {
  return { status: "canceled", error: { code: "RUN_CANCELED", message: reason } };
}

/** How messages that are still open end with a run of that status. */
export function closingOf(status: TerminalStatus): "completed" | "incomplete" {
  return status === "completed" ? "completed" : "incomplete";
}
