import type { ContentPart, PartSource } from "@ag-ui/core";

/**
 * The output of a tool as AG-UI has it: the text of a string or of blocks of text, parts where there are media among the
 * blocks, anything else as JSON.
 */
export function toResultContent(json: string): string | ContentPart[] {
  const value = parse(json);
  if (typeof value === "string") return value;
  if (!Array.isArray(value) || value.length === 0) return json;
  const parts = value.map((block: unknown) => toPart(block)).filter((part) => part !== undefined);
  if (parts.length < value.length) return json;
  const texts = parts.map((part) => (part.type === "text" ? part.text : undefined));
  return texts.every((text) => text !== undefined) ? texts.join("\n") : parts;
}

function toPart(block: unknown): ContentPart | undefined {
  const { type, text, source } = fieldsOf(block);
  if (type === "text") return typeof text === "string" ? { type, text } : undefined;
  if (type !== "image" && type !== "audio" && type !== "video") return undefined;
  const from = toSource(source);
  return from === undefined ? undefined : { type, source: from };
}

function toSource(source: unknown): PartSource | undefined {
  const { type, url, data, media_type: mimeType } = fieldsOf(source);
  if (type === "url" && typeof url === "string") return { type, value: url };
  if (type !== "base64" || typeof data !== "string" || typeof mimeType !== "string") return undefined;
  return { type: "data", value: data, mimeType };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
