import type { LogEntry } from "@agentscope-runtime/core";
import { toLogEntry } from "@agentscope-runtime/testing";

/** The same log with the pieces of text that follow each other joined to one, as stores do after a while. */
export function compacted(entries: readonly LogEntry[]): readonly LogEntry[] {
  const joined: LogEntry[] = [];
  for (const entry of entries) {
    const { event } = entry;
    const last = joined.at(-1);
    const before = last?.event;
    const isPiece = event.object === "content" && event.type === "text" && event.delta;
    const follows = before?.object === "content" && before.type === "text" && before.delta;
    if (
      last !== undefined &&
      isPiece &&
      follows &&
      before.msg_id === event.msg_id &&
      before.index === event.index
    ) {
      const text = (before.text ?? "") + (event.text ?? "");
      joined[joined.length - 1] = {
        ...toLogEntry(entry.seq, { ...event, text }),
        count: (last.count ?? 1) + 1,
      };
    } else joined.push(entry);
  }
  return joined;
}
