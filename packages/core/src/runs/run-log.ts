import type { LogEntry } from "../contracts/log-entry.ts";
import { DeltaLogEntry } from "./delta-log-entry.ts";

/** Pieces of text that follow each other in one slot. */
interface Deltas {
  readonly first: number;
  readonly head: string;
  readonly texts: string[];
}

/**
 * The entries of a run, in little memory: most are pieces of text that differ in their number and a word, so once they
 * are folded only the word is kept, and the entry is made again for those who come later.
 */
export class RunLog {
  readonly #folded: (LogEntry | Deltas)[] = [];
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
      const item = this.#folded[at] as LogEntry | Deltas;
      if (!("texts" in item)) {
        entries.push(item);
        continue;
      }
      const { first, head, texts } = item;
      const end = Math.min(texts.length, from - first + max);
      for (let index = Math.max(0, from - first); index < end && entries.length < max; index++) {
        entries.push(new DeltaLogEntry(first + index, head, texts[index] as string));
      }
    }
    return entries;
  }

  /** Makes the entries small. Those that were handed out stay as they are. */
  fold(): void {
    for (const entry of this.#recent) {
      if (entry instanceof DeltaLogEntry) this.#foldDelta(entry);
      else this.#folded.push(entry);
    }
    this.#recentFrom += this.#recent.length;
    this.#recent = [];
  }

  #foldDelta({ seq, head, text }: DeltaLogEntry): void {
    const last = this.#folded.at(-1);
    if (
      last !== undefined &&
      "texts" in last &&
      last.head === head &&
      last.first + last.texts.length === seq
    ) {
      last.texts.push(text);
    } else {
      this.#folded.push({ first: seq, head, texts: [text] });
    }
  }

  /** The place of the item that holds number `seq`. */
  #find(seq: number): number {
    let low = 0;
    let high = this.#folded.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      const item = this.#folded[middle] as LogEntry | Deltas;
      if (("texts" in item ? item.first : item.seq) <= seq) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
