import type { LogEntry } from "../contracts/log-entry.ts";
import { JsonLogEntry } from "../runs/json-log-entry.ts";
import { SlotDeltaLogEntry } from "../runs/slot-delta-log-entry.ts";
import { SlotText } from "../runs/slot-text.ts";
import { flat } from "./flat.ts";

/** Up to how many characters of JSON are copied to one string. Longer ones hold the texts of others, which they share. */
const MAX_FLAT = 1024;

/** Numbers events and serialises each exactly once. */
export class EventSequence {
  #next: number;
  readonly #mark: string;
  #entries: LogEntry[] = [];

  /** Begins at the number `first`. Events of a handler that was started again say which `attempt` they are of. */
  constructor(first = 0, attempt = 1) {
    this.#next = first;
    this.#mark = attempt > 1 ? `"attempt":${attempt},` : "";
  }

  /** Adds the event whose JSON after its `sequence_number` is `rest`, and returns the whole of its JSON. */
  emit(rest: string): string {
    const seq = this.#next++;
    const built = `{"sequence_number":${seq},${this.#mark}${rest}`;
    const json = built.length > MAX_FLAT ? built : flat(built);
    this.#entries.push(new JsonLogEntry(seq, json));
    return json;
  }

  /** A text that grows by pieces whose events' JSON has `rest` between number and text. */
  growingText(rest: string): SlotText {
    return new SlotText(flat(`${this.#mark}${rest}`));
  }

  /** Adds a piece to a text that `growingText` made. */
  emitDelta(slot: SlotText, text: string): void {
    this.#entries.push(new SlotDeltaLogEntry(this.#next++, slot, text));
  }

  /** The entry that `emit` would add. */
  preview(rest: string): LogEntry {
    return new JsonLogEntry(this.#next, `{"sequence_number":${this.#next},${this.#mark}${rest}`);
  }

  /** The entries added since the last call. */
  take(): readonly LogEntry[] {
    const entries = this.#entries;
    if (entries.length > 0) this.#entries = [];
    return entries;
  }
}
