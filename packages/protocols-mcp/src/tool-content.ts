import type { Content, Message } from "@agentscope-runtime/agent-api";
import { fromDataUrl, type InlineData, toBase64 } from "./inline-data.ts";

/** One block of a tool's result, as MCP has it. */
export type McpContent =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image" | "audio"; readonly data: string; readonly mimeType: string }
  | {
      readonly type: "resource_link";
      readonly uri: string;
      readonly name: string;
      readonly mimeType?: string | undefined;
    }
  | {
      readonly type: "resource";
      readonly resource: { readonly uri: string; readonly mimeType?: string | undefined } & (
        | { readonly blob: string }
        | { readonly text: string }
      );
    };

/** What an agent's messages say, for a client that shows it: one block for each text, image, audio, video and file. */
export function toToolContent(messages: readonly Message[]): readonly McpContent[] {
  return messages
    .filter(({ type, role }) => type === "message" && role === "assistant")
    .flatMap(({ content }) => content ?? [])
    .flatMap((slot) => toBlock(slot) ?? []);
}

function toBlock(slot: Content): McpContent | undefined {
  switch (slot.type) {
    case "text":
      return slot.text ? { type: "text", text: slot.text } : undefined;
    case "refusal":
      return slot.refusal ? { type: "text", text: slot.refusal } : undefined;
    case "image":
      return toMedium(slot.image_url, "image", "image/png");
    case "audio":
      return toMedium(slot.data, "audio", `audio/${slot.format ?? "wav"}`);
    case "video":
      return toLink(slot.video_url, "video");
    case "file": {
      const name = slot.filename ?? "file";
      if (!slot.file_data) return toLink(slot.file_url, name);
      return toResource(name, fromDataUrl(slot.file_data) ?? toInline(slot.file_data));
    }
    case "data":
      // It is in the structured content.
      return undefined;
  }
}

/** A block for an image or a sound. Clients refuse a whole result where one of them is not in base64. */
export function toMedium(
  source: string | null,
  type: "image" | "audio",
  fallback: string,
): McpContent | undefined {
  if (!source) return undefined;
  const inline = fromDataUrl(source);
  if (inline !== undefined) {
    const data = "text" in inline ? Buffer.from(inline.text).toString("base64") : inline.base64;
    return { type, data, mimeType: inline.mimeType ?? fallback };
  }
  const data = URL.canParse(source) ? undefined : toBase64(source);
  return data === undefined ? toLink(source, type) : { type, data, mimeType: fallback };
}

/** A block for what is held in the result itself. */
export function toResource(name: string, { mimeType, ...inline }: InlineData): McpContent {
  const content = "text" in inline ? { text: inline.text } : { blob: inline.base64 };
  const uri = `file:///${encodeURIComponent(name.toWellFormed())}`;
  return { type: "resource", resource: { uri, mimeType, ...content } };
}

/** What is no `data:` URL is base64, or else a text. */
export function toInline(data: string): InlineData {
  const base64 = toBase64(data);
  return base64 === undefined ? { text: data } : { base64 };
}

function toLink(uri: string | null, name: string): McpContent | undefined {
  return uri ? { type: "resource_link", uri, name } : undefined;
}
