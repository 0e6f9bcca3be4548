import type { MediaBlock } from "../message/content-block.ts";
import type { Msg } from "../message/msg.ts";
import { formatChat } from "./format-chat.ts";
import type { Formatter, ProviderMessage } from "./formatter.ts";
import { mediaUrl } from "./media.ts";

/** Writes messages as DashScope's OpenAI-compatible endpoint takes them: images, audio and video included. */
export class DashScopeChatFormatter implements Formatter {
  format(messages: readonly Msg[]): readonly ProviderMessage[] {
    return formatChat(messages, { toPart, withNames: false, noContent: "" });
  }
}

function toPart(block: MediaBlock): ProviderMessage | undefined {
  const url = mediaUrl(block.source);
  if (url === undefined) return undefined;
  if (block.type === "image") return { type: "image_url", image_url: { url } };
  if (block.type === "video") return { type: "video_url", video_url: { url } };
  return { type: "input_audio", input_audio: { data: url } };
}
