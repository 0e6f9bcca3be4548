import type { MediaBlock, MediaSource } from "../message/content-block.ts";

/** Whether a block is a medium with a source one can read. Stored blocks may be anything. */
export function isMedia(block: unknown): block is MediaBlock {
  if (typeof block !== "object" || block === null || !("type" in block) || !("source" in block)) return false;
  const { type, source } = block;
  if (type !== "image" && type !== "audio" && type !== "video") return false;
  if (typeof source !== "object" || source === null || !("type" in source)) return false;
  if (source.type === "url") return "url" in source && typeof source.url === "string";
  return source.type === "base64" && "data" in source && typeof source.data === "string";
}

/**
 * An address a provider can load: the URL, or the bytes as a data URL. `undefined` for local paths: a message may come
 * from anyone, so that no file is read because of what one says.
 */
export function mediaUrl(source: MediaSource): string | undefined {
  if (source.type === "base64") return `data:${source.media_type};base64,${source.data}`;
  return /^(https?|data|oss):/i.test(source.url) ? source.url : undefined;
}

/** A sentence that stands for a medium where only text is possible. */
export function describeMedia({ type, source }: MediaBlock): string {
  if (source.type === "url" && !/^data:/i.test(source.url))
    return `The ${type} can be found at: ${source.url}`;
  const kind = source.type === "base64" ? source.media_type : type;
  return `[${kind}: this can not be shown as text]`;
}
