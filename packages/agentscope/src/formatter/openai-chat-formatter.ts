import type { MediaBlock } from "../message/content-block.ts";
import type { Msg } from "../message/msg.ts";
import { formatChat } from "./format-chat.ts";
import type { Formatter, ProviderMessage } from "./formatter.ts";
import { mediaUrl } from "./media.ts";

/** Writes messages as OpenAI's chat completions API takes them. Media it can't take become a sentence about them. */
export class OpenAIChatFormatter implements Formatter {
  format(messages: readonly Msg[]): readonly ProviderMessage[] {
    return formatChat(messages, { toPart, withNames: true, noContent: null });
  }
}

function toPart(block: MediaBlock): ProviderMessage | undefined {
  if (block.type === "image") {
    const url = mediaUrl(block.source);
    return url === undefined ? undefined : { type: "image_url", image_url: { url } };
  }
  if (block.type === "audio" && block.source.type === "base64") {
    const format = AUDIO_FORMATS[block.source.media_type];
    if (format !== undefined)
      return { type: "input_audio", input_audio: { data: block.source.data, format } };
  }
  return undefined;
}

const AUDIO_FORMATS: Readonly<Record<string, string>> = {
  "audio/wav": "wav",
  "audio/x-wav": "wav",
  "audio/wave": "wav",
  "audio/mp3": "mp3",
  "audio/mpeg": "mp3",
};
