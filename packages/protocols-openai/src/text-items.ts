import type { Content, Message } from "@agentscope-runtime/agent-api";
import type { ItemEvents } from "./item-events.ts";
import type { OpenItem } from "./openai-event-state.ts";
import type { MessageItem, OutputText, ReasoningItem, Refusal, SummaryText } from "./output-item.ts";

type Part = OutputText | Refusal | SummaryText;

/** Adds what a `message` or `reasoning` message of the log brings. */
export function addTextMessage(message: Message, events: ItemEvents): void {
  const open = events.find(message.id) ?? events.add(toItem(message, "in_progress"), message.id);
  if (message.status === "in_progress") return;
  events.done(open, toItem(message, message.status === "completed" ? "completed" : "incomplete"));
}

/** Adds what a slot of such a message brings. */
export function addTextSlot(
  slot: Content,
  open: OpenItem,
  item: MessageItem | ReasoningItem,
  events: ItemEvents,
): void {
  const part = item.type === "reasoning" ? toSummary(slot) : toContentPart(slot);
  const isDelta = slot.status === "in_progress";
  if (part === undefined || (isDelta && !slot.delta)) return;
  const index = slot.index ?? 0;
  const starts = open.slot !== index;
  if (starts) {
    open.slot = index;
    open.parts++;
  }
  const place: Place = { item_id: item.id, output_index: open.index };
  if (starts) startPart(part, place, open.parts - 1, events);
  if (starts || isDelta) addText(part, place, open.parts - 1, events);
  if (!isDelta) endPart(part, place, open.parts - 1, events);
}

interface Place {
  readonly item_id: string;
  readonly output_index: number;
}

function startPart(part: Part, place: Place, index: number, events: ItemEvents): void {
  if (part.type === "summary_text") {
    const empty = { ...part, text: "" };
    events.emit({
      type: "response.reasoning_summary_part.added",
      ...place,
      summary_index: index,
      part: empty,
    });
  } else {
    const empty = part.type === "refusal" ? { ...part, refusal: "" } : { ...part, text: "" };
    events.emit({ type: "response.content_part.added", ...place, content_index: index, part: empty });
  }
}

function addText(part: Part, place: Place, index: number, events: ItemEvents): void {
  const delta = part.type === "refusal" ? part.refusal : part.text;
  if (delta === "") return;
  if (part.type === "output_text") {
    events.emitDelta({
      type: "response.output_text.delta",
      ...place,
      content_index: index,
      delta,
      logprobs: [],
    });
  } else if (part.type === "refusal") {
    events.emitDelta({ type: "response.refusal.delta", ...place, content_index: index, delta });
  } else {
    events.emitDelta({
      type: "response.reasoning_summary_text.delta",
      ...place,
      summary_index: index,
      delta,
    });
  }
}

function endPart(part: Part, place: Place, index: number, events: ItemEvents): void {
  if (part.type === "summary_text") {
    const { text } = part;
    events.emit({ type: "response.reasoning_summary_text.done", ...place, summary_index: index, text });
    events.emit({ type: "response.reasoning_summary_part.done", ...place, summary_index: index, part });
    return;
  }
  if (part.type === "refusal") {
    events.emit({ type: "response.refusal.done", ...place, content_index: index, refusal: part.refusal });
  } else {
    events.emit({
      type: "response.output_text.done",
      ...place,
      content_index: index,
      text: part.text,
      logprobs: [],
    });
  }
  events.emit({ type: "response.content_part.done", ...place, content_index: index, part });
}

function toItem(
  { id, type, content }: Message,
  status: "in_progress" | "completed" | "incomplete",
): MessageItem | ReasoningItem {
  const slots = content ?? [];
  if (type === "reasoning") {
    return {
      type: "reasoning",
      id,
      status,
      summary: slots.map((slot) => toSummary(slot)).filter((part) => part !== undefined),
    };
  }
  const parts = slots.map((slot) => toContentPart(slot)).filter((part) => part !== undefined);
  return { type: "message", id, role: "assistant", status, content: parts };
}

function toSummary(slot: Content): SummaryText | undefined {
  return slot.type === "text" ? { type: "summary_text", text: slot.text ?? "" } : undefined;
}

// An output message holds text and refusals; it has no place for media and data.
function toContentPart(slot: Content): OutputText | Refusal | undefined {
  if (slot.type === "refusal") return { type: "refusal", refusal: slot.refusal ?? "" };
  if (slot.type !== "text") return undefined;
  return { type: "output_text", text: slot.text ?? "", annotations: [], logprobs: [] };
}
