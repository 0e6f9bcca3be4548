import type { LogEntry } from "../contracts/log-entry.ts";
import { FoldedDeltas } from "./folded-deltas.ts";
import { SlotDeltaLogEntry } from "./slot-delta-log-entry.ts";

/** The entries of a run, in little memory: most of them are pieces of text, which can be folded. */
export class RunLog {
  readonly #folded: (LogEntry | FoldedDeltas)[] = [];
  #recent: LogEntry[] = [];
  /** The number of the first entry that is not folded. */
  #recentFrom: number;

  constructor(first = 0) {
    this.#recentFrom = first;
  }

  /** One past the number of the last entry. */
  get next(): number {
    return this.#recentFrom + this.#recent.length;
  }

  push(entry: LogEntry): void {
    this.#recent.push(entry);
  }

  /** The entries from number `from` on, at most `max` of them. */
  slice(from: number, max: number): readonly LogEntry[] {
    if (from >= this.#recentFrom) {
      const start = from - this.#recentFrom;
      return this.#recent.slice(start, start + max);
    }
    const entries: LogEntry[] = [];
    for (let at = this.#find(from); at < this.#folded.length && entries.length < max; at++) {
      const item = this.#folded[at] as LogEntry | FoldedDeltas;
      if (item instanceof FoldedDeltas) entries.push(...item.slice(from, max - entries.length));
      else entries.push(item);
    }
    return entries;
  }

  /** Makes the entries small. Those that were handed out stay as they are. */
  fold(): void {
    for (const entry of this.#recent) {
      if (entry instanceof SlotDeltaLogEntry) this.#foldDelta(entry);
      else this.#folded.push(entry);
    }
    this.#recentFrom += this.#recent.length;
    this.#recent = [];
  }

  #foldDelta(entry: SlotDeltaLogEntry): void {
    const last = this.#folded.at(-1);
    if (last instanceof FoldedDeltas && last.add(entry)) return;
    this.#folded.push(new FoldedDeltas(entry));
  }

  /** The place of the item that holds number `seq`. */
  #find(seq: number): number {
    let low = 0;
    let high = this.#folded.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      const item = this.#folded[middle] as LogEntry | FoldedDeltas;
      if (item.seq <= seq) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
