import type { Content, Message } from "@agentscope-runtime/agent-api";
import type { A2APart } from "./a2a-task.ts";

/** The part that a slot is shown as; `undefined` for one that says nothing. */
export function toA2APart(slot: Content): A2APart | undefined {
  switch (slot.type) {
    case "text":
      return slot.text ? { text: slot.text } : undefined;
    case "refusal":
      return slot.refusal ? { text: slot.refusal, metadata: { type: "refusal" } } : undefined;
    case "data":
      return slot.data === null ? undefined : { data: slot.data };
    case "image":
      return toMediaPart(slot.image_url, "image");
    case "video":
      return toMediaPart(slot.video_url, "video");
    case "audio":
      return toMediaPart(slot.data, "audio", { mediaType: slot.format ? `audio/${slot.format}` : undefined });
    case "file": {
      const { file_url, file_data, file_id, filename } = slot;
      const part = toMediaPart(file_data ?? file_url, "file", { filename, url: file_data === null });
      // Whoever gave out the id knows what it stands for.
      return part ?? (file_id ? { data: { file_id, ...(filename ? { filename } : {}) } } : undefined);
    }
  }
}

/** The parts of a message as it is now; media that are not whole yet are left out. */
export function toA2AParts({ content }: Pick<Message, "content">): A2APart[] {
  return (content ?? [])
    .filter((slot) => isText(slot) || slot.status !== "in_progress")
    .map(toA2APart)
    .filter((part) => part !== undefined);
}

/** True for what comes in pieces that can be appended. */
export function isText({ type }: Pick<Content, "type">): boolean {
  return type === "text" || type === "refusal";
}

interface MediaHints {
  readonly mediaType?: string | undefined;
  readonly filename?: string | null;
  /** Whether a text that could be either is a URL and not base64. */
  readonly url?: boolean;
}

function toMediaPart(value: string | null, type: string, hints: MediaHints = {}): A2APart | undefined {
  if (!value) return undefined;
  const { filename, mediaType } = hints;
  const inline = /^data:([^;,]*)(?:;[^;,]*)*;base64,(.*)$/s.exec(value);
  const isUrl =
    inline === null && (hints.url === true || type === "image" || type === "video" || hasScheme(value));
  const known = inline?.[1] || mediaType || (isUrl ? undefined : DEFAULT_MEDIA_TYPES[type]);
  return {
    ...(isUrl ? { url: value } : { raw: inline?.[2] ?? value }),
    ...(type === "file" ? {} : { metadata: { type } }),
    ...(filename ? { filename } : {}),
    ...(known === undefined ? {} : { mediaType: known }),
  };
}

function hasScheme(value: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(value);
}

const DEFAULT_MEDIA_TYPES: Readonly<Record<string, string>> = {
  audio: "audio/wav",
  file: "application/octet-stream",
};
