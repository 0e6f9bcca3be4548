/**
 * The arguments a model wrote, as an object; `undefined` when they are none. No arguments at all are `{}`, and an object
 * that was encoded twice is read like any other.
 */
export function parseToolInput(raw: string): Readonly<Record<string, unknown>> | undefined {
  if (raw.trim() === "") return {};
  const value = parse(raw);
  const input = typeof value === "string" ? parse(value) : value;
  if (typeof input !== "object" || input === null || Array.isArray(input)) return undefined;
  return input as Record<string, unknown>;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
