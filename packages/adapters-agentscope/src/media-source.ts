import type { MediaSource } from "@agentscope-runtime/agentscope";

/** The address of a medium: its URL, or its bytes as a `data:` URL. */
export function toMediaUrl(source: MediaSource): string {
  return source.type === "url" ? source.url : `data:${source.media_type};base64,${source.data}`;
}

/** Where the bytes of an address are; inline for a `data:` URL in base64. */
export function fromMediaUrl(url: string): MediaSource {
  return fromDataUrl(url) ?? { type: "url", url };
}

/** The short name of an audio format, such as `wav`, where the source tells. */
export function audioFormat(source: MediaSource): string | undefined {
  return /^audio\/([^;,]+)/.exec(source.media_type ?? "")?.[1];
}

/** Audio as the Agent API has it: an address, or base64 in that format. */
export function fromAudioData(data: string, format: string | null): MediaSource {
  const inline = fromDataUrl(data);
  if (inline !== undefined) return inline;
  if (NOT_BASE64.test(data)) return { type: "url", url: data };
  const media = format === null || format === "" ? "wav" : format;
  return { type: "base64", media_type: media.includes("/") ? media : `audio/${media}`, data };
}

const NOT_BASE64 = /[^A-Za-z0-9+/=_\-\s]/;

function fromDataUrl(url: string): MediaSource | undefined {
  if (!/^data:/i.test(url)) return undefined;
  const comma = url.indexOf(",");
  const head = url.slice("data:".length, Math.max(comma, 0));
  if (!/;base64$/i.test(head)) return undefined;
  const mediaType = head.slice(0, -";base64".length);
  return { type: "base64", media_type: mediaType || "application/octet-stream", data: url.slice(comma + 1) };
}
