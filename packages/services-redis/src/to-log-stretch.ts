import type { LogSegment, LogStretch } from "@agentscope-runtime/core";

/** What a script returned of a log: whether nothing will follow, then first, last and text of each segment. */
export function toLogStretch([over, ...flat]: readonly unknown[]): LogStretch {
  const segments: LogSegment[] = [];
  for (let index = 0; index < flat.length; index += 3) {
    const [first, last, text] = flat.slice(index, index + 3);
    segments.push({ first: Number(first), last: Number(last), text: String(text) });
  }
  return { segments, over: Number(over) === 1 };
}
