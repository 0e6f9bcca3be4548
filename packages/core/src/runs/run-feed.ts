import type { LogEntry } from "../contracts/log-entry.ts";
import { RunLog } from "./run-log.ts";
import type { RunReader } from "./run-reader.ts";
import type { TurnEnd } from "./turn-end.ts";

/** The log of a run in memory, from entry `first` on, and those who wait for its next entry. */
export class RunFeed {
  readonly readers: Set<RunReader> = new Set();
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
    this.#turnEnd.add(this.#onTurnEnd);
  }

  /** The entries from number `from` on, at most `max` of them. */
  slice(from: number, max: number): readonly LogEntry[] {
    return this.#log.slice(from, max);
  }

  /** Lets go of everybody who waits: what follows, if anything, is not here. */
  end(): void {
    this.#over = true;
    this.#wake();
  }

  // At the end of the turn, so that readers get what the turn brought as one batch.
  readonly #onTurnEnd = (): void => {
    this.#changed = false;
    this.#wake();
    this.#log.fold();
  };

  #wake(): void {
    for (const reader of this.readers) reader.wake();
  }
}
