import type { Content, Message } from "@agentscope-runtime/agent-api";
import type { A2APart } from "./a2a-task.ts";
import type { PartDetails } from "./part-details.ts";

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

/** The parts of a message as it is now, with their details by index; media that are not whole yet are left out. */
export function toA2AParts(
  { content }: Pick<Message, "content">,
  details: Readonly<Record<string, PartDetails>> = {},
): A2APart[] {
  return (content ?? []).flatMap((slot, index) => {
    const part = isText(slot) || slot.status !== "in_progress" ? toA2APart(slot) : undefined;
    return part === undefined ? [] : [withDetails(part, details[index])];
  });
}

function withDetails(part: A2APart, details: PartDetails | undefined): A2APart {
  if (details === undefined) return part;
  const { metadata, mediaType, filename } = details;
  return {
    ...part,
    ...(metadata === undefined ? {} : { metadata: { ...part.metadata, ...metadata } }),
    ...(mediaType === undefined ? {} : { mediaType }),
    ...(filename === undefined ? {} : { filename }),
  };
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
  const inline = readDataUrl(value);
  const isUrl =
    inline === undefined && (hints.url === true || type === "image" || type === "video" || hasScheme(value));
  const known = inline?.mediaType || mediaType || (isUrl ? undefined : DEFAULT_MEDIA_TYPES[type]);
  return {
    ...(isUrl ? { url: value } : { raw: inline?.base64 ?? value }),
    ...(type === "file" ? {} : { metadata: { type } }),
    ...(filename ? { filename } : {}),
    ...(known === undefined ? {} : { mediaType: known }),
  };
}

// No pattern, as a URL may have megabytes of parameters.
function readDataUrl(url: string): { readonly mediaType: string; readonly base64: string } | undefined {
  if (!url.startsWith("data:")) return undefined;
  const comma = url.indexOf(",");
  if (comma === -1 || !url.endsWith(";base64", comma)) return undefined;
  const end = url.indexOf(";");
  return { mediaType: url.slice("data:".length, end), base64: url.slice(comma + 1) };
}

function hasScheme(value: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(value);
}

const DEFAULT_MEDIA_TYPES: Readonly<Record<string, string>> = {
  audio: "audio/wav",
  file: "application/octet-stream",
};
