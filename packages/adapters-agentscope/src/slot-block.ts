import type { Content, FileContent } from "@agentscope-runtime/agent-api";
import type { ContentBlock, MediaBlock } from "@agentscope-runtime/agentscope";
import { fromAudioData, fromMediaUrl } from "./media-source.ts";

/** The block that a slot of a message says; `undefined` where it says nothing. */
export function toSlotBlock(slot: Content, messageType: string): ContentBlock | undefined {
  switch (slot.type) {
    case "text":
      if (slot.text === null) return undefined;
      return messageType === "reasoning"
        ? { type: "thinking", thinking: slot.text }
        : { type: "text", text: slot.text };
    case "refusal":
      return slot.refusal ? { type: "text", text: slot.refusal } : undefined;
    case "data":
      return slot.data === null ? undefined : { type: "text", text: JSON.stringify(slot.data) };
    case "image":
      return slot.image_url ? { type: "image", source: fromMediaUrl(slot.image_url) } : undefined;
    case "video":
      return slot.video_url ? { type: "video", source: fromMediaUrl(slot.video_url) } : undefined;
    case "audio":
      return slot.data ? { type: "audio", source: fromAudioData(slot.data, slot.format) } : undefined;
    case "file":
      return toFileBlock(slot);
  }
}

// The framework knows no files: a medium becomes one, of any other the model is told where it is.
function toFileBlock({ file_url, file_id, filename, file_data }: FileContent): ContentBlock | undefined {
  const address = file_data || file_url;
  const medium = address ? toMediaBlock(address) : undefined;
  if (medium !== undefined) return medium;
  const file = filename ? `The file ${JSON.stringify(filename)}` : "A file";
  if (file_url && !/^data:/i.test(file_url)) return text(`${file} can be found at: ${file_url}`);
  if (file_id) return text(`${file} is stored under the id: ${file_id}`);
  if (address) return text(`${file} was sent along, but can't be shown as text.`);
  return filename ? text(`${file} was mentioned without its content.`) : undefined;
}

function toMediaBlock(address: string): MediaBlock | undefined {
  const type = /^data:(image|audio|video)\//i.exec(address)?.[1]?.toLowerCase();
  if (type !== "image" && type !== "audio" && type !== "video") return undefined;
  return { type, source: fromMediaUrl(address) };
}

function text(value: string): ContentBlock {
  return { type: "text", text: value };
}
