import type { LogEntry } from "../contracts/log-entry.ts";
import { DeltaLogEntry } from "../runs/delta-log-entry.ts";
import { JsonLogEntry } from "../runs/json-log-entry.ts";

/** Numbers events and serialises each exactly once. */
export class EventSequence {
  #next = 0;
  #entries: LogEntry[] = [];

  /** Adds the event whose JSON after its `sequence_number` is `rest`, and returns the whole of its JSON. */
  emit(rest: string): string {
    const seq = this.#next++;
    const json = `{"sequence_number":${seq},${rest}`;
    this.#entries.push(new JsonLogEntry(seq, json));
    return json;
  }

  /** Adds a piece of text whose event's JSON is its number, `head` and the text. */
  emitDelta(head: string, text: string): void {
    this.#entries.push(new DeltaLogEntry(this.#next++, head, text));
  }

  /** The entry that `emit` would add. */
  preview(rest: string): LogEntry {
    return new JsonLogEntry(this.#next, `{"sequence_number":${this.#next},${rest}`);
  }

  /** The entries added since the last call. */
  take(): readonly LogEntry[] {
    const entries = this.#entries;
    if (entries.length > 0) this.#entries = [];
    return entries;
  }
}
