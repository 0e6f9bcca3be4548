import { JsonLogEntry } from "./json-log-entry.ts";

/** The entry of a piece of text. Its JSON is made of a head, which it shares with its neighbours, and the text. */
export class DeltaLogEntry extends JsonLogEntry {
  readonly head: string;
  readonly text: string;

  constructor(seq: number, head: string, text: string) {
    super(seq, `{"sequence_number":${seq},${head}${JSON.stringify(text)}}`);
    this.head = head;
    this.text = text;
  }
}
