import { DeltaLogEntry } from "./delta-log-entry.ts";

/**
 * The entries of texts that follow each other in one slot, in little memory: they differ in their number and a word, so
 * only the words are kept, many of them in one string, and the entries are made again for those who come later.
 */
export class FoldedDeltas {
  /** The number of the first entry. */
  readonly seq: number;
  readonly #head: string;
  /** JSON arrays of `BATCH` texts each. */
  readonly #batches: string[] = [];
  /** The texts after those. */
  #recent: string[];

  constructor({ seq, head, text }: DeltaLogEntry) {
    this.seq = seq;
    this.#head = head;
    this.#recent = [text];
  }

  /** Takes an entry; false, having done nothing, where it does not go on with these. */
  add({ seq, head, text }: DeltaLogEntry): boolean {
    if (head !== this.#head || seq !== this.seq + this.#length) return false;
    if (this.#recent.push(text) === BATCH) {
      this.#batches.push(JSON.stringify(this.#recent));
      this.#recent = [];
    }
    return true;
  }

  /** The entries from number `from` on, at most `max` of them. */
  slice(from: number, max: number): readonly DeltaLogEntry[] {
    const start = Math.max(0, from - this.seq);
    const end = Math.min(this.#length, start + max);
    const firstBatch = Math.floor(start / BATCH);
    const batches = this.#batches.slice(firstBatch, Math.ceil(end / BATCH));
    const texts = [...batches.flatMap((json) => JSON.parse(json) as string[]), ...this.#recent];
    const skipped = firstBatch * BATCH;
    return texts
      .slice(start - skipped, end - skipped)
      .map((text, index) => new DeltaLogEntry(this.seq + start + index, this.#head, text));
  }

  get #length(): number {
    return this.#batches.length * BATCH + this.#recent.length;
  }
}

/** How many texts are put into one string. */
const BATCH = 32;
