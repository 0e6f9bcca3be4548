import type { Content, Message } from "@agentscope-runtime/agent-api";
import { toInlineImage } from "./media-part.ts";
import { imageId, toContentPart } from "./text-items.ts";
import { bodyOf } from "./tool-items.ts";
import { toolOutputText } from "./tool-output-text.ts";

/** An item as it is listed: of a response's input, or of a conversation. */
export interface ListedItem {
  readonly type: string;
  readonly id: string;
  readonly [key: string]: unknown;
}

/** An item with the ids of the messages that it stands for. */
export interface ItemSource {
  readonly item: ListedItem;
  readonly messageIds: readonly string[];
}

/** The items that messages stand for; an agent's own calls are one item with their output. */
export function toItems(messages: readonly Message[]): readonly ListedItem[] {
  return toItemSources(messages).map(({ item }) => item);
}

/** The items that messages stand for, and by which messages. */
export function toItemSources(messages: readonly Message[]): readonly ItemSource[] {
  const sources: ItemSource[] = [];
  /** Where the agent's own calls stand that have no output yet. */
  const calls = new Map<string, number>();
  for (const message of messages) {
    const item = toItem(message);
    if (item === undefined) continue;
    const callId = item.type === "mcp_call" ? bodyOf(slotOf(message)).callId : "";
    const at = calls.get(callId);
    const call = at === undefined ? undefined : sources[at];
    if (message.type.endsWith("_output") && at !== undefined && call !== undefined) {
      const messageIds = [...call.messageIds, message.id];
      sources[at] = { item: { ...call.item, output: item.output }, messageIds };
      calls.delete(callId);
      continue;
    }
    if (callId !== "") calls.set(callId, sources.length);
    sources.push({ item, messageIds: [message.id] });
    sources.push(...toImages(message).map((image) => ({ item: image, messageIds: [message.id] })));
  }
  return sources;
}

/** The images of an answer, which are items of their own although their message holds them. */
function toImages({ id, type, role, content }: Message): readonly ListedItem[] {
  if (type !== "message" || role !== "assistant") return [];
  return (content ?? []).flatMap((slot, index) => {
    const image = toInlineImage(slot);
    if (image === undefined) return [];
    return [
      { type: "image_generation_call", id: imageId(id, index), status: "completed", ...image } as const,
    ];
  });
}

function toItem(message: Message): ListedItem | undefined {
  const { id, type, content } = message;
  const body = bodyOf(slotOf(message));
  const status = "completed";
  switch (type) {
    case "message": {
      const role = message.role ?? "user";
      const parts = (content ?? []).map((slot) => toPart(slot, role)).filter((part) => part !== undefined);
      return { type, id, role, status, content: parts };
    }
    case "reasoning": {
      const texts = (content ?? []).flatMap((slot) => (slot.type === "text" ? [slot.text ?? ""] : []));
      return { type, id, status, summary: texts.map((text) => ({ type: "summary_text", text })) };
    }
    case "function_call":
      return { type, id, call_id: body.callId, name: body.name, arguments: body.arguments, status };
    case "function_call_output":
      return { type, id, call_id: body.callId, output: toolOutputText(body.output), status };
    case "mcp_approval_request": {
      const { name, arguments: text, serverLabel } = body;
      return { type, id: body.id || id, server_label: serverLabel, name, arguments: text };
    }
    case "mcp_approval_response": {
      const slot = slotOf(message);
      const data = slot.type === "data" ? (slot.data ?? {}) : {};
      const { approval_request_id, approve, reason = null } = data;
      return { type, id, approval_request_id, approve, reason };
    }
    default: {
      if (!OWN_CALLS.test(type)) return undefined;
      const { name, arguments: text, serverLabel } = body;
      const output = type.endsWith("_output") ? toolOutputText(body.output) : null;
      const call = { server_label: serverLabel, name, arguments: text, status, output };
      return { type: "mcp_call", id, ...call, error: null, approval_request_id: null };
    }
  }
}

const OWN_CALLS = /^(plugin|component|mcp)_call(_output)?$/;

function slotOf({ content }: Message): Content {
  return content?.at(-1) ?? EMPTY;
}

const EMPTY = { type: "data", data: null } as Content;

// What has no place in a message of the user's is left out: data and video.
function toPart(slot: Content, role: string): object | undefined {
  if (role === "assistant") return toContentPart(slot);
  switch (slot.type) {
    case "text":
      return { type: "input_text", text: slot.text ?? "" };
    case "refusal":
      return { type: "refusal", refusal: slot.refusal ?? "" };
    case "image":
      return { type: "input_image", image_url: slot.image_url, file_id: null, detail: "auto" };
    case "audio":
      return { type: "input_audio", input_audio: { data: slot.data, format: slot.format } };
    case "file": {
      const { file_url, file_data, file_id, filename } = slot;
      return { type: "input_file", file_url, file_data, file_id, filename };
    }
    default:
      return undefined;
  }
}
