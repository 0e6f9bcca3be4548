import type { LogEntry } from "../contracts/log-entry.ts";
import type { LogSegment } from "../contracts/run-backend.ts";
import { DeltaHead } from "./delta-head.ts";
import { DeltaLogEntry } from "./delta-log-entry.ts";
import { JoinedLogEntry } from "./joined-log-entry.ts";
import { JsonLogEntry } from "./json-log-entry.ts";

// The text of a segment has a line per event: its JSON. Pieces of text that follow each other in one slot share a line:
// `+`, or `=` once they are to be read as one, then a JSON array of the head they have in common and of the pieces.

/** The entries, which follow each other, as one segment; most of them share a head, which is kept once. */
export function toSegment(entries: readonly LogEntry[]): LogSegment {
  const lines: string[] = [];
  let pieces: string[] = [];
  const endPieces = () => {
    if (pieces.length > 0) lines.push(`+${JSON.stringify(pieces)}`);
    pieces = [];
  };
  for (const entry of entries) {
    if (!(entry instanceof DeltaLogEntry)) {
      endPieces();
      lines.push(entry.json);
      continue;
    }
    if (pieces[0] !== entry.head) {
      endPieces();
      pieces.push(entry.head);
    }
    pieces.push(entry.text);
  }
  endPieces();
  const first = entries[0]?.seq ?? 0;
  return { first, last: entries.at(-1)?.seq ?? first - 1, text: lines.join("\n") };
}

/** The entries of a segment with a number above `after`. */
export function fromSegment({ first, text }: LogSegment, after: number): readonly LogEntry[] {
  const entries: LogEntry[] = [];
  let seq = first;
  for (const line of text.split("\n")) {
    const kind = line[0];
    if (kind !== "+" && kind !== "=") {
      if (seq > after) entries.push(new JsonLogEntry(seq, line));
      seq++;
      continue;
    }
    const [head = "", ...pieces] = JSON.parse(line.slice(1)) as string[];
    const skipped = Math.max(0, Math.min(pieces.length, after + 1 - seq));
    if (kind === "=") {
      const rest = pieces.slice(skipped);
      const last = seq + pieces.length - 1;
      if (rest.length > 0) entries.push(new JoinedLogEntry(last, head, rest.join(""), rest.length));
    } else {
      const shared = new DeltaHead(head);
      for (let index = skipped; index < pieces.length; index++) {
        entries.push(new DeltaLogEntry(seq + index, shared, pieces[index] as string));
      }
    }
    seq += pieces.length;
  }
  return entries;
}

/**
 * The same log in fewer and smaller segments of some `size` characters each, for readers to whom each stretch of text in
 * one slot is one entry. Where one piece ended and the next began stays known, so that a reader may begin anywhere.
 */
export function compactSegments(
  segments: readonly LogSegment[],
  size: number = 2 ** 18,
): readonly LogSegment[] {
  const compacted: LogSegment[] = [];
  let lines: string[] = [];
  let pieces: string[] = [];
  let first = segments[0]?.first ?? 0;
  let next = first;
  let length = 0;
  const endPieces = () => {
    if (pieces.length > 0) lines.push(`=${JSON.stringify(pieces)}`);
    pieces = [];
  };
  const endSegment = () => {
    endPieces();
    if (lines.length > 0) compacted.push({ first, last: next - 1, text: lines.join("\n") });
    lines = [];
    first = next;
    length = 0;
  };
  for (const segment of segments) {
    for (const line of segment.text.split("\n")) {
      const kind = line[0];
      if (length > 0 && length + line.length > size) endSegment();
      length += line.length;
      if (kind !== "+" && kind !== "=") {
        endPieces();
        lines.push(line);
        next++;
        continue;
      }
      const [head = "", ...texts] = JSON.parse(line.slice(1)) as string[];
      if (pieces[0] !== head) {
        endPieces();
        pieces.push(head);
      }
      for (const text of texts) pieces.push(text);
      next += texts.length;
    }
  }
  endSegment();
  return compacted;
}
