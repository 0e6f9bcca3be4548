import type { ContentPart, PartSource } from "@ag-ui/core";
import type { Content, MessageInput } from "@agentscope-runtime/agent-api";

type Slot = NonNullable<MessageInput["content"]>[number];

/** The content of a message as the Agent API has it. */
export function toSlots(content: string | readonly ContentPart[]): Slot[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : content.map(toSlot);
}

/** A part as a slot. What is at a provider, and what is a document, goes as a file. */
export function toSlot(part: ContentPart): Slot {
  if (part.type === "text") return { type: "text", text: part.text };
  const { source } = part;
  if (source.type === "file" || part.type === "document") return toFile(source, part.metadata);
  const url = toUrl(source);
  if (part.type === "image") return { type: "image", image_url: url };
  if (part.type === "video") return { type: "video", video_url: url };
  const format = source.mimeType?.split("/")[1] ?? null;
  return { type: "audio", data: source.value, format };
}

/** The slots of somebody's message as AG-UI has them: a text, or parts where there is more than text. */
export function toContent(slots: readonly Content[]): string | ContentPart[] {
  const parts = slots.map(toPart).filter((part) => part !== undefined);
  const texts = parts.map((part) => (part.type === "text" ? part.text : undefined));
  return texts.every((text) => text !== undefined) ? texts.join("") : parts;
}

function toPart(slot: Content): ContentPart | undefined {
  switch (slot.type) {
    case "text":
      return { type: "text", text: slot.text ?? "" };
    case "refusal":
      return { type: "text", text: slot.refusal ?? "" };
    case "image":
    case "video": {
      const url = slot.type === "image" ? slot.image_url : slot.video_url;
      return url === null ? undefined : { type: slot.type, source: fromUrl(url) };
    }
    case "audio":
      return slot.data === null ? undefined : { type: "audio", source: fromAudio(slot.data, slot.format) };
    case "file": {
      const metadata = slot.filename === null ? {} : { metadata: { filename: slot.filename } };
      const source = fromFile(slot.file_url ?? slot.file_data, slot.file_id);
      return source === undefined ? undefined : { type: "document", source, ...metadata };
    }
    default:
      return undefined;
  }
}

function toFile(source: PartSource, metadata: unknown): Slot {
  const { filename = undefined } = typeof metadata === "object" && metadata !== null ? named(metadata) : {};
  const name = typeof filename === "string" ? { filename } : {};
  if (source.type === "file") return { type: "file", file_id: source.value, ...name };
  if (source.type === "url") return { type: "file", file_url: source.value, ...name };
  return { type: "file", file_data: toUrl(source), ...name };
}

function named(metadata: object): { readonly filename?: unknown } {
  return metadata;
}

function toUrl(source: PartSource): string {
  return source.type === "data" ? `data:${source.mimeType};base64,${source.value}` : source.value;
}

function fromUrl(url: string): PartSource {
  const [, mimeType, value] = /^data:([^;,]+);base64,(.*)$/s.exec(url) ?? [];
  if (mimeType === undefined || value === undefined) return { type: "url", value: url };
  return { type: "data", value, mimeType };
}

function fromAudio(data: string, format: string | null): PartSource {
  if (/^(data|https?):/.test(data)) return fromUrl(data);
  return { type: "data", value: data, mimeType: `audio/${format ?? "wav"}` };
}

function fromFile(url: string | null, id: string | null): PartSource | undefined {
  if (url !== null) return /^(data|https?):/.test(url) ? fromUrl(url) : bytes(url);
  return id === null ? undefined : { type: "file", value: id };
}

function bytes(value: string): PartSource {
  return { type: "data", value, mimeType: "application/octet-stream" };
}
