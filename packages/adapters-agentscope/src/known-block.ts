import type { ContentBlock, MediaSource, ToolResultContent } from "@agentscope-runtime/agentscope";

/**
 * `block` if it is one that the framework defines, with the members it needs; `undefined` for blocks of other types and
 * for broken ones, which stored content may hold.
 */
export function asKnownBlock(block: unknown): ContentBlock | undefined {
  return isObject(block) && isKnown(block) ? (block as ContentBlock) : undefined;
}

/** True for what the output of a tool may consist of. */
export function isToolResultContent(value: unknown): value is ToolResultContent {
  return isObject(value) && (value.type === "text" || isMediaType(value.type)) && isKnown(value);
}

/** True for a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isKnown(block: Record<string, unknown>): boolean {
  switch (block.type) {
    case "text":
      return typeof block.text === "string";
    case "thinking":
      return typeof block.thinking === "string";
    case "tool_use":
      return (
        typeof block.id === "string" &&
        typeof block.name === "string" &&
        isObject(block.input) &&
        isStringOrNothing(block.raw_input) &&
        isStringOrNothing(block.server_label)
      );
    case "tool_result":
      return (
        typeof block.id === "string" &&
        typeof block.name === "string" &&
        (typeof block.output === "string" || Array.isArray(block.output))
      );
    default:
      return isMediaType(block.type) && isSource(block.source);
  }
}

function isMediaType(type: unknown): boolean {
  return type === "image" || type === "audio" || type === "video";
}

/** True for a source that says where the bytes of a medium are. */
export function isSource(source: unknown): source is MediaSource {
  if (!isObject(source)) return false;
  if (source.type === "url") return typeof source.url === "string";
  return source.type === "base64" && typeof source.media_type === "string" && typeof source.data === "string";
}

function isStringOrNothing(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}
