import { DeltaLogEntry } from "./delta-log-entry.ts";
import type { SlotText } from "./slot-text.ts";

/** The entry of a piece that its slot keeps with its neighbours, so that the entry can be made again. */
export class SlotDeltaLogEntry extends DeltaLogEntry {
  readonly slot: SlotText;
  /** Which of the slot's pieces it is. */
  readonly index: number;

  /** Adds the piece to the slot. */
  constructor(seq: number, slot: SlotText, piece: string) {
    super(seq, slot.head, piece);
    this.slot = slot;
    this.index = slot.append(piece);
  }
}
