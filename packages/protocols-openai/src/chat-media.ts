import type { Content } from "@agentscope-runtime/agent-api";
import { toMediaPart } from "./media-part.ts";

/**
 * Media and data as Markdown, the one form that a message of a chat has for them: a link, its bytes as a `data:` URL where
 * they are in the answer, or JSON. `undefined` for what says nothing.
 */
export function toChatMedia(slot: Content): string | undefined {
  const part = toMediaPart(slot);
  const [source] = part?.annotations ?? [];
  if (part === undefined || source?.type !== "url_citation" || !source.url.startsWith("data:")) {
    return part?.text;
  }
  const mark = slot.type === "image" ? "!" : "";
  return `${mark}${part.text}(${source.url.replaceAll(/[\t\n\r ()<>]/g, encode)})`;
}

// What would end the link.
function encode(character: string): string {
  return `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
