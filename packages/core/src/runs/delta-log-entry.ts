import { JsonLogEntry } from "./json-log-entry.ts";
import type { SlotText } from "./slot-text.ts";

/** The entry of a piece of text. Its JSON is made of a head, which it shares with its neighbours, and the text. */
export class DeltaLogEntry extends JsonLogEntry {
  readonly head: string;
  readonly text: string;
  /** Where the piece is kept with its neighbours, if it is, and which of them it is. */
  readonly slot: SlotText | undefined;
  readonly index: number;

  constructor(seq: number, head: string, text: string, slot?: SlotText, index = 0) {
    super(seq, `{"sequence_number":${seq},${head}${JSON.stringify(text)}}`);
    this.head = head;
    this.text = text;
    this.slot = slot;
    this.index = index;
  }
}
