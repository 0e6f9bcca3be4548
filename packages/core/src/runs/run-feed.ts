import type { LogEntry } from "../contracts/log-entry.ts";
import { RunLog } from "./run-log.ts";
import type { RunReader } from "./run-reader.ts";
import type { EndsTurn, TurnEnd } from "./turn-end.ts";

/** The log of a run in memory, from entry `first` on, and those who wait for its next entry. */
export class RunFeed implements EndsTurn {
  #waiting: RunReader[] = [];
  readonly #first: number;
  readonly #log: RunLog;
  readonly #turnEnd: TurnEnd;
  #over = false;
  #complete = false;
  #changed = false;

  constructor(turnEnd: TurnEnd, first = 0) {
    this.#turnEnd = turnEnd;
    this.#first = first;
    this.#log = new RunLog(first);
  }

  /** The number of the oldest entry it may hold. */
  get first(): number {
    return this.#first;
  }

  /** One past the number of the last entry. */
  get next(): number {
    return this.#log.next;
  }

  /** True when no further entry will come. */
  get over(): boolean {
    return this.#over;
  }

  /** True once it holds the last entry of the run. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Adds the next entries; `last` says that no more will come. */
  add(entries: readonly LogEntry[], last = false): void {
    for (const entry of entries) this.#log.push(entry);
    if (last) {
      this.#over = true;
      this.#complete = true;
    }
    if (this.#changed) return;
    this.#changed = true;
    this.#turnEnd.add(this);
  }

  /** The entries from number `from` on, at most `max` of them. */
  slice(from: number, max: number): readonly LogEntry[] {
    return this.#log.slice(from, max);
  }

  // Only now, so that readers get what the turn brought as one batch.
  onTurnEnd(): void {
    this.#changed = false;
    this.#wake();
    this.#log.fold();
  }

  /** Has the reader woken at the next change. */
  wait(reader: RunReader): void {
    // Mostly there is one. A literal has room for just that one, an array that grows for seventeen.
    if (this.#waiting.length === 0) this.#waiting = [reader];
    else this.#waiting.push(reader);
  }

  /** The reader waits no longer. */
  leave(reader: RunReader): void {
    this.#waiting = this.#waiting.filter((other) => other !== reader);
  }

  /** Lets go of everybody who waits: what follows, if anything, is not here. */
  end(): void {
    this.#over = true;
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const reader of waiting) reader.wake();
  }
}
