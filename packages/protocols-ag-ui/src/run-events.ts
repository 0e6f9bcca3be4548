import { type AGUIEvent, EventType, PROTOCOL_VERSION, type RunFinishedOutcome } from "@ag-ui/core";
import { type AgentResponse, isTerminal } from "@agentscope-runtime/agent-api";
import type { AgUiEventState } from "./ag-ui-event-state.ts";
import { kindOf } from "./call-body.ts";
import { isWaiting, toInterrupts } from "./interrupts.ts";
import { sendSnapshot } from "./state-events.ts";
import { endContent, startContent } from "./text-events.ts";
import { toTokenUsage } from "./token-usage.ts";
import { endCall, startCall } from "./tool-events.ts";

type Emit = (event: AGUIEvent) => void;

/** Adds what a response says of its run: that it has begun, or how it has ended. */
export function addResponse(response: AgentResponse, state: AgUiEventState, emit: Emit): void {
  if (!state.started) startRun(state, emit);
  if (!isTerminal(response.status)) return;
  closeAll(state, emit);
  const counts = toTokenUsage(response.usage);
  const usage = counts === undefined ? {} : { usage: counts };
  const outcome = outcomeOf(response, state);
  if (outcome === undefined) {
    emit({ type: EventType.RUN_ERROR, ...errorOf(response), ...usage });
    return;
  }
  if (outcome.type === "interrupt") sendSnapshot(state, emit);
  const { threadId, runId } = state;
  emit({ type: EventType.RUN_FINISHED, threadId, runId, outcome, ...usage });
}

/** Announces the run. */
export function startRun(state: AgUiEventState, emit: Emit): void {
  const { threadId, runId, parentRunId } = state;
  const parent = parentRunId === null ? {} : { parentRunId };
  state.started = true;
  emit({ type: EventType.RUN_STARTED, threadId, runId, protocolVersion: PROTOCOL_VERSION, ...parent });
}

/** Ends whatever is open, since a run may not finish before. */
export function closeAll(state: AgUiEventState, emit: Emit): void {
  for (const open of state.open) {
    if (kindOf(open.type) === "call") endCall(open, state, emit);
    else endContent(open, emit);
  }
  for (const stepName of new Set(state.steps)) emit({ type: EventType.STEP_FINISHED, stepName });
  state.open = [];
  state.steps = [];
}

/** Announces once more what is open, to a client that has what there is of it already. */
export function reopenAll(state: AgUiEventState, emit: Emit): void {
  for (const open of state.open) {
    if (!open.started) continue;
    if (kindOf(open.type) === "call") startCall(open, state, emit);
    else startContent(open, emit);
  }
  for (const stepName of new Set(state.steps)) emit({ type: EventType.STEP_STARTED, stepName });
}

/** How a run that has not failed ended. */
function outcomeOf(response: AgentResponse, state: AgUiEventState): RunFinishedOutcome | undefined {
  if (response.status === "canceled") return { type: "cancelled" };
  if (isWaiting(response)) return { type: "interrupt", interrupts: toInterrupts(response, state) };
  if (response.status !== "completed") return undefined;
  const pending = state.calls.filter(({ answered }) => !answered).map(({ toolCallId }) => toolCallId);
  return pending.length === 0 ? { type: "success" } : { type: "success", pendingToolCallIds: pending };
}

function errorOf({ status, error, incomplete_details }: AgentResponse): { message: string; code: string } {
  if (error !== null) return { message: error.message, code: error.code };
  if (status === "rejected") return { message: "The agent rejects this request.", code: "rejected" };
  const code = incomplete_details?.reason ?? status;
  return { message: `The run has ended before it was complete: ${code}.`, code };
}
