/** The output of a tool as people read it: the text of a string or of blocks of text, anything else as JSON. */
export function toolOutputText(json: string): string {
  const value = parse(json);
  if (typeof value === "string") return value;
  if (!Array.isArray(value) || value.length === 0) return json;
  const texts = value.map((block: unknown) => textOf(block));
  return texts.every((text) => text !== undefined) ? texts.join("\n") : json;
}

function textOf(block: unknown): string | undefined {
  if (typeof block !== "object" || block === null) return undefined;
  const { type, text } = block as Readonly<Record<string, unknown>>;
  return type === "text" && typeof text === "string" ? text : undefined;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
