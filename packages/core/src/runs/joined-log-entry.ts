import { JsonLogEntry } from "./json-log-entry.ts";

/** The entry of several pieces of text that were joined; it has the number of the last of them. */
export class JoinedLogEntry extends JsonLogEntry {
  readonly count: number;

  constructor(seq: number, head: string, text: string, count: number) {
    super(seq, `{"sequence_number":${seq},"compacted":${count},${head}${JSON.stringify(text)}}`);
    this.count = count;
  }
}
