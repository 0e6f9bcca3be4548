import type { Content, Message } from "@agentscope-runtime/agent-api";
import type { ItemEvents } from "./item-events.ts";
import { type InlineImage, toInlineImage, toMediaPart } from "./media-part.ts";
import type { OpenItem } from "./openai-event-state.ts";
import type { MessageItem, OutputText, ReasoningItem, Refusal, SummaryText } from "./output-item.ts";

type Part = OutputText | Refusal | SummaryText;

/** Adds what a `message` or `reasoning` message of the log brings. */
export function addTextMessage(message: Message, events: ItemEvents): void {
  const open = events.find(message.id) ?? events.add(toItem(message, "in_progress"), message.id);
  if (message.status === "in_progress") return;
  const item = toItem(message, message.status === "completed" ? "completed" : "incomplete");
  if (item.type === "message") events.endMessage(open, item);
  else events.done(open, item);
}

/** Adds what a slot of such a message brings. */
export function addTextSlot(
  slot: Content,
  open: OpenItem,
  item: MessageItem | ReasoningItem,
  events: ItemEvents,
): void {
  const isDelta = slot.status === "in_progress";
  // Media are shown once they are whole.
  if (isDelta && !(slot.delta && isText(slot))) return;
  const image = item.type === "message" ? toInlineImage(slot) : undefined;
  if (image !== undefined) {
    addImage(image, item.id, slot.index ?? 0, events);
    return;
  }
  const part = item.type === "reasoning" ? toSummary(slot) : toContentPart(slot);
  if (part === undefined) return;
  const index = slot.index ?? 0;
  const starts = open.slot !== index;
  if (starts) {
    open.slot = index;
    open.parts++;
  }
  if (item.type === "message" && isText(slot) && textOf(part) !== "") events.speak(open);
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
    const empty = part.type === "refusal" ? { ...part, refusal: "" } : { ...part, text: "", annotations: [] };
    events.emit({ type: "response.content_part.added", ...place, content_index: index, part: empty });
  }
}

function addText(part: Part, place: Place, index: number, events: ItemEvents): void {
  const delta = textOf(part);
  if (delta === "") return;
  if (part.type === "output_text") {
    const { item_id, output_index } = place;
    events.emitDelta({
      type: "response.output_text.delta",
      item_id,
      output_index,
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
    for (const [annotation_index, annotation] of part.annotations.entries()) {
      const at = { ...place, content_index: index, annotation_index };
      events.emit({ type: "response.output_text.annotation.added", ...at, annotation });
    }
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

function addImage(image: InlineImage, messageId: string, slot: number, events: ItemEvents): void {
  const { output_format } = image;
  let id = imageId(messageId, slot);
  while (events.has(id)) id += "~";
  const item = { type: "image_generation_call", id, output_format } as const;
  const open = events.add({ ...item, status: "in_progress", result: null }, id);
  const place = { item_id: id, output_index: open.index };
  events.emit({ type: "response.image_generation_call.in_progress", ...place });
  events.emit({ type: "response.image_generation_call.completed", ...place });
  events.done(open, { ...item, status: "completed", result: image.result });
}

/** The id of the image in that slot of a message. */
export function imageId(messageId: string, slot: number): string {
  return `ig_${messageId}_${slot}`;
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

/** A slot as a part of a message of the assistant's; `undefined` for images in the answer, which are items of their own. */
export function toContentPart(slot: Content): OutputText | Refusal | undefined {
  if (slot.type === "refusal") return { type: "refusal", refusal: slot.refusal ?? "" };
  if (slot.type !== "text") return toInlineImage(slot) === undefined ? toMediaPart(slot) : undefined;
  return { type: "output_text", text: slot.text ?? "", annotations: [], logprobs: [] };
}

function textOf(part: Part): string {
  return part.type === "refusal" ? part.refusal : part.text;
}

function isText({ type }: Content): boolean {
  return type === "text" || type === "refusal";
}
