/** What a slot holds itself: bytes in base64, or what turns out to be text. */
export type InlineData = { readonly mimeType?: string | undefined } & (
  | { readonly base64: string }
  | { readonly text: string }
);

/** The content of a `data:` URL, or `undefined` for any other text. */
export function fromDataUrl(url: string): InlineData | undefined {
  const [head, type, mark] = /^data:([^;,]*)(?:;[^;,]*?)*?(;base64)?,/i.exec(url.slice(0, MAX_HEAD)) ?? [];
  if (head === undefined) return undefined;
  const mimeType = type || undefined;
  const content = url.slice(head.length);
  if (mark === undefined) return { text: unescaped(content), mimeType };
  const base64 = toBase64(unescaped(content));
  return base64 === undefined ? { text: content, mimeType } : { base64, mimeType };
}

/** Base64 as MCP has it, out of that or its variant for URLs; `undefined` for what is neither. */
export function toBase64(data: string): string | undefined {
  const bare = /\s/.test(data) ? data.replaceAll(/\s+/g, "") : data;
  const [, digits] = BASE64.exec(bare) ?? [];
  if (digits === undefined || digits.length % 4 === 1) return undefined;
  return Buffer.from(bare, "base64").toString("base64");
}

function unescaped(content: string): string {
  if (!content.includes("%")) return content;
  try {
    return decodeURIComponent(content);
  } catch {
    return content;
  }
}

const BASE64 = /^([A-Za-z0-9+/_-]+)={0,2}$/;

/** Within how many characters the content of a `data:` URL begins. */
const MAX_HEAD = 1024;
