import { type AGUIEvent, EventType } from "@ag-ui/core";
import type { Content, Message } from "@agentscope-runtime/agent-api";
import type { AgUiEventState, KnownCall, OpenMessage } from "./ag-ui-event-state.ts";
import { callBodyOf, toolCallIdOf } from "./call-body.ts";
import { toResultContent } from "./result-content.ts";

type Emit = (event: AGUIEvent) => void;

/** Adds what the slot of a call brings. */
export function addCallSlot(slot: Content, open: OpenMessage, state: AgUiEventState, emit: Emit): void {
  const { callId, name, arguments: text } = callBodyOf(slot);
  if (!open.started) {
    const toolCallId = toolCallIdOf(callId, open.id);
    state.calls.push({ callId, toolCallId, messageId: open.id, name, answered: false });
    startCall(open, state, emit);
  }
  open.started = true;
  const delta = text.slice(open.sent);
  open.sent += delta.length;
  const call = callOf(open, state);
  if (delta === "" || call === undefined) return;
  emit({ type: EventType.TOOL_CALL_ARGS, toolCallId: call.toolCallId, delta });
}

/** Announces a call, or that an announced one goes on. */
export function startCall(open: OpenMessage, state: AgUiEventState, emit: Emit): void {
  const call = callOf(open, state);
  if (call === undefined) return;
  const { toolCallId, name: toolCallName, messageId: parentMessageId } = call;
  emit({ type: EventType.TOOL_CALL_START, toolCallId, toolCallName, parentMessageId });
}

/** Ends a call, if it was announced. Its result comes later, or never. */
export function endCall(open: OpenMessage, state: AgUiEventState, emit: Emit): void {
  const call = open.started ? callOf(open, state) : undefined;
  if (call !== undefined) emit({ type: EventType.TOOL_CALL_END, toolCallId: call.toolCallId });
}

/** Adds the result of a call once it is there; the call itself may be one of an earlier run. */
export function addResult(message: Message, state: AgUiEventState, emit: Emit): void {
  const { callId, output } = callBodyOf(message.content?.at(-1));
  if (output === "" && message.status !== "completed") return;
  const call = state.calls.findLast((known) => known.callId === callId);
  if (call !== undefined) call.answered = true;
  const toolCallId = call?.toolCallId ?? callId;
  const content = toResultContent(output);
  emit({ type: EventType.TOOL_CALL_RESULT, messageId: message.id, toolCallId, content, role: "tool" });
}

/**
 * Answers the calls of a handler that was started again in the midst of them, so that no client takes them for its own to
 * answer.
 */
export function dropCalls(state: AgUiEventState, emit: Emit): void {
  for (const call of state.calls) {
    if (call.answered) continue;
    call.answered = true;
    emit({
      type: EventType.TOOL_CALL_RESULT,
      messageId: `${call.messageId}#lost`,
      toolCallId: call.toolCallId,
      content: "The agent was started again before this call was answered.",
      role: "tool",
    });
  }
}

function callOf({ id }: OpenMessage, { calls }: AgUiEventState): KnownCall | undefined {
  return calls.find(({ messageId }) => messageId === id);
}
