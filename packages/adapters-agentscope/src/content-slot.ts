import type { Content } from "@agentscope-runtime/agent-api";
import type { ContentBlock } from "@agentscope-runtime/agentscope";
import { asKnownBlock } from "./known-block.ts";
import { audioFormat, toMediaUrl } from "./media-source.ts";
import { toArgumentsText, toToolType } from "./tool-arguments.ts";

/** A block as the slot at `index` of a message. Blocks that the framework does not define are data. */
export function toContentSlot(block: ContentBlock, index: number, messageId: string): Content {
  const base = { sequence_number: null, object: "content", status: "completed", error: null } as const;
  const place = { index, delta: false, msg_id: messageId } as const;
  const known = asKnownBlock(block);
  switch (known?.type) {
    case "text":
      return { ...base, type: "text", ...place, text: known.text };
    case "thinking":
      return { ...base, type: "text", ...place, text: known.thinking };
    case "image":
      return { ...base, type: "image", ...place, image_url: toMediaUrl(known.source) };
    case "video":
      return { ...base, type: "video", ...place, video_url: toMediaUrl(known.source) };
    case "audio": {
      const format = audioFormat(known.source) ?? null;
      return { ...base, type: "audio", ...place, data: toMediaUrl(known.source), format };
    }
    case "tool_use": {
      const { id: call_id, name, server_label = null } = known;
      const text = toArgumentsText(known);
      const isMcp = toToolType(known) === "mcp";
      const data = isMcp
        ? { call_id, arguments: text, name, server_label }
        : { call_id, name, arguments: text };
      return { ...base, type: "data", ...place, data };
    }
    case "tool_result": {
      const data = { call_id: known.id, name: known.name, output: JSON.stringify(known.output) };
      return { ...base, type: "data", ...place, data };
    }
    case undefined:
      return { ...base, type: "data", ...place, data: { ...block } };
  }
}
