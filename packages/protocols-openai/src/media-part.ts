import type { Content } from "@agentscope-runtime/agent-api";
import type { Annotation, OutputText } from "./output-item.ts";

/** An image whose bytes are in the answer itself. */
export interface InlineImage {
  /** Base64. */
  readonly result: string;
  readonly output_format: "png" | "jpeg" | "webp" | "gif" | null;
}

/** The bytes of an image slot, or `undefined` for all else and for images that are elsewhere. */
export function toInlineImage(slot: Content): InlineImage | undefined {
  if (slot.type !== "image") return undefined;
  const [match, format = ""] = DATA_IMAGE.exec(slot.image_url?.slice(0, MAX_HEAD) ?? "") ?? [];
  if (match === undefined) return undefined;
  const result = (slot.image_url ?? "").slice(match.length);
  return { result, output_format: FORMATS[format.toLowerCase()] ?? null };
}

const DATA_IMAGE = /^data:image\/([\w.+-]+)(?:;[\w.+-]+=[^;,]*)*;base64,/i;
const MAX_HEAD = 256;
const FORMATS: Readonly<Record<string, InlineImage["output_format"]>> = {
  png: "png",
  jpeg: "jpeg",
  jpg: "jpeg",
  webp: "webp",
  gif: "gif",
};

/**
 * Media and data as a text that people can read: a link, or only a name where the bytes are in the answer, with a citation
 * that says where the thing is, if need be as a `data:` URL. Data is its JSON. `undefined` for what says nothing.
 */
export function toMediaPart(slot: Content): OutputText | undefined {
  switch (slot.type) {
    case "data":
      return slot.data === null ? undefined : toText(JSON.stringify(slot.data), []);
    case "image":
      return toLink("image", slot.image_url, "!");
    case "video":
      return toLink("video", slot.video_url);
    case "audio":
      return toLink("audio", toUrl(slot.data, `audio/${slot.format ?? "wav"}`));
    case "file": {
      const name = slot.filename || "file";
      const { file_url, file_data, file_id } = slot;
      if (file_url || file_data)
        return toLink(name, file_url || toUrl(file_data, "application/octet-stream"));
      return file_id ? toText(`[${named(name)}]`, [{ type: "file_path", file_id, index: 0 }]) : undefined;
    }
    default:
      return undefined;
  }
}

function toLink(name: string, url: string | null, mark = ""): OutputText | undefined {
  if (!url) return undefined;
  const target = DATA.test(url) ? "" : `(${url.replaceAll(/[\s()<>]/gu, encode)})`;
  const text = `${target === "" ? "" : mark}[${named(name)}]${target}`;
  return toText(text, [{ type: "url_citation", start_index: 0, end_index: text.length, title: name, url }]);
}

function toText(text: string, annotations: Annotation[]): OutputText {
  return { type: "output_text", text, annotations, logprobs: [] };
}

// What comes without a scheme is base64.
function toUrl(data: string | null, mediaType: string): string | null {
  return !data || SCHEME.test(data.slice(0, MAX_HEAD)) ? data : `data:${mediaType};base64,${data}`;
}

const DATA = /^data:/i;
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

// What would end the link, or the name in it.
function encode(character: string): string {
  return `%${(character.codePointAt(0) ?? 0).toString(16).padStart(2, "0")}`;
}

function named(name: string): string {
  return name.replaceAll(/[[\]\\\r\n]/g, "_");
}
