import { DeltaLogEntry } from "./delta-log-entry.ts";
import type { SlotDeltaLogEntry } from "./slot-delta-log-entry.ts";
import type { SlotText } from "./slot-text.ts";

/** The entries of pieces that follow each other in one slot, in little memory: they are made again for those who come later. */
export class FoldedDeltas {
  /** The number of the first entry. */
  readonly seq: number;
  readonly #slot: SlotText;
  /** The index of its piece. */
  readonly #first: number;
  #length = 1;

  constructor({ seq, slot, index }: SlotDeltaLogEntry) {
    this.seq = seq;
    this.#slot = slot;
    this.#first = index;
  }

  /** Takes an entry; false, having done nothing, where it does not go on with these. */
  add({ seq, slot }: SlotDeltaLogEntry): boolean {
    if (slot !== this.#slot || seq !== this.seq + this.#length) return false;
    this.#length++;
    return true;
  }

  /** The entries from number `from` on, at most `max` of them. */
  slice(from: number, max: number): readonly DeltaLogEntry[] {
    const start = Math.max(0, from - this.seq);
    const end = Math.min(this.#length, start + max);
    return this.#slot
      .slice(this.#first + start, this.#first + end)
      .map((text, index) => new DeltaLogEntry(this.seq + start + index, this.#slot.head, text));
  }
}
