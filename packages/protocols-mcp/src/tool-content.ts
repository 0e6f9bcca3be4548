import type { Content, Message } from "@agentscope-runtime/agent-api";

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
      readonly resource: {
        readonly uri: string;
        readonly blob: string;
        readonly mimeType?: string | undefined;
      };
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
      const { data, mimeType } = fromDataUrl(slot.file_data) ?? { data: slot.file_data };
      return {
        type: "resource",
        resource: { uri: `file:///${encodeURIComponent(name)}`, blob: data, mimeType },
      };
    }
    case "data":
      // It is in the structured content.
      return undefined;
  }
}

function toMedium(source: string | null, type: "image" | "audio", fallback: string): McpContent | undefined {
  if (!source) return undefined;
  const inline = fromDataUrl(source);
  if (inline !== undefined) return { type, data: inline.data, mimeType: inline.mimeType || fallback };
  if (URL.canParse(source)) return toLink(source, type);
  return { type, data: source, mimeType: fallback };
}

function toLink(uri: string | null, name: string): McpContent | undefined {
  return uri ? { type: "resource_link", uri, name } : undefined;
}

function fromDataUrl(url: string): { readonly data: string; readonly mimeType: string } | undefined {
  const [, mimeType, data] = /^data:([^;,]*)(?:;[^,]*)?;base64,(.*)$/s.exec(url) ?? [];
  return mimeType === undefined || data === undefined ? undefined : { data, mimeType };
}
