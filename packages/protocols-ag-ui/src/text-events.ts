import { type AGUIEvent, EventType } from "@ag-ui/core";
import type { Content } from "@agentscope-runtime/agent-api";
import { toActivity } from "./activity.ts";
import type { OpenMessage } from "./ag-ui-event-state.ts";

type Emit = (event: AGUIEvent) => void;

/** Adds what a slot of a message brings: text that grows, or something else to show that is there as a whole. */
export function addContentSlot(slot: Content, open: OpenMessage, emit: Emit): void {
  const text = textOf(slot);
  if (text === undefined) {
    const activity = toActivity(slot, open);
    if (activity === undefined) return;
    const { id: messageId, activityType, content } = activity;
    emit({ type: EventType.ACTIVITY_SNAPSHOT, messageId, activityType, content });
    return;
  }
  const index = slot.index ?? 0;
  if (open.slot !== index) {
    open.slot = index;
    open.sent = 0;
  }
  const isPiece = slot.delta && slot.status === "in_progress";
  const delta = isPiece ? text : text.slice(open.sent);
  open.sent += delta.length;
  if (delta === "") return;
  if (!open.started) startContent(open, emit);
  open.started = true;
  const type =
    open.type === "reasoning" ? EventType.REASONING_MESSAGE_CONTENT : EventType.TEXT_MESSAGE_CONTENT;
  emit({ type, messageId: open.id, delta });
}

/** Announces a message, or that an announced one goes on. */
export function startContent({ id: messageId, type, role }: OpenMessage, emit: Emit): void {
  if (type === "reasoning") {
    emit({ type: EventType.REASONING_START, messageId });
    emit({ type: EventType.REASONING_MESSAGE_START, messageId, role: "reasoning" });
  } else {
    emit({ type: EventType.TEXT_MESSAGE_START, messageId, role });
  }
}

/** Ends a message, if it was announced. */
export function endContent({ id: messageId, type, started }: OpenMessage, emit: Emit): void {
  if (!started) return;
  if (type === "reasoning") {
    emit({ type: EventType.REASONING_MESSAGE_END, messageId });
    emit({ type: EventType.REASONING_END, messageId });
  } else {
    emit({ type: EventType.TEXT_MESSAGE_END, messageId });
  }
}

/** The text of a slot, a refusal's included; `undefined` for one that is no text. */
export function textOf(slot: Content): string | undefined {
  if (slot.type === "text") return slot.text ?? "";
  return slot.type === "refusal" ? (slot.refusal ?? "") : undefined;
}
