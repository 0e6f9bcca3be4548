import type { TerminalStatus } from "@agentscope-runtime/agent-api";
import type { LogEntry } from "../contracts/log-entry.ts";
import type { RunLease, RunStore } from "../contracts/run-store.ts";
import { hasCode } from "../errors/has-code.ts";
import { DeltaLogEntry } from "./delta-log-entry.ts";
import { repeat } from "./repeat.ts";

/** How far the store may lag behind before the handler is made to wait. */
const MAX_PENDING = 256;

/** What no repetition can mend. */
const FINAL = ["FENCED", "RESOURCE_NOT_FOUND", "SERVICE_NOT_STARTED"] as const;

/**
 * Writes one run's log. Nobody waits for the store per event: what comes in while a write is under way goes into the
 * next one, pieces of text gather for the store's flush interval, and only when too much has gathered is there a promise
 * to wait for. A write that fails is repeated for a while, from where the store's log ends.
 */
export class RunLogWriter {
  readonly #store: RunStore;
  readonly #lease: RunLease;
  /** What the store has not confirmed. */
  #pending: LogEntry[] = [];
  /** How many of them are being written. */
  #writing = 0;
  /** True while a write is under way. */
  #busy = false;
  /** Resolves when there is nothing left that can't wait, for those who wait for that. */
  #idle: PromiseWithResolvers<void> | undefined;
  /** How many of the pending entries are pieces of text, counted from the last. */
  #waiting = 0;
  #flush: NodeJS.Timeout | undefined;
  #failure: { readonly error: unknown } | undefined;
  #count = 0;
  #length = 0;

  constructor(store: RunStore, lease: RunLease) {
    this.#store = store;
    this.#lease = lease;
  }

  /** How many events were written. */
  get count(): number {
    return this.#count;
  }

  /** How many characters they have. */
  get length(): number {
    return this.#length;
  }

  /** Takes entries. Throws what an earlier write failed with for good. Wait for the promise if there is one. */
  write(entries: readonly LogEntry[]): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure.error;
    for (const entry of entries) {
      this.#pending.push(entry);
      this.#length += entry.json.length;
      this.#waiting = entry instanceof DeltaLogEntry ? this.#waiting + 1 : 0;
    }
    this.#count += entries.length;
    if (!this.#busy) this.#schedule();
    return this.#busy && this.#pending.length > MAX_PENDING ? this.#untilIdle() : undefined;
  }

  /** Resolves when everything taken so far is stored; rejects if that can't be done. */
  async flush(): Promise<void> {
    if (!this.#busy && this.#pending.length > 0) this.#append();
    while (this.#busy) await this.#untilIdle();
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#pending.length > 0) await this.flush();
  }

  /** Writes what is left together with the terminal entries; false if the run has ended before. */
  async finish(status: TerminalStatus, entries: readonly LogEntry[]): Promise<boolean> {
    while (this.#busy) await this.#untilIdle();
    clearTimeout(this.#flush);
    const attempt = () => this.#store.finish(this.#lease, status, [...this.#pending, ...entries]);
    if (this.#failure !== undefined) return this.#repeat(this.#failure.error, attempt);
    try {
      return await attempt();
    } catch (error) {
      return this.#repeat(error, attempt);
    }
  }

  /** Writes what is pending: now, or in a while if it is nothing but a few pieces of text. */
  #schedule(): void {
    const { length } = this.#pending;
    if (this.#store.flushInterval === 0 || this.#waiting < length || length > MAX_PENDING) this.#append();
    else this.#flush ??= setTimeout(() => this.#append(), this.#store.flushInterval);
  }

  #append(): void {
    clearTimeout(this.#flush);
    this.#flush = undefined;
    this.#busy = true;
    this.#writing = this.#pending.length;
    this.#store.append(this.#lease, this.#pending.slice()).then(
      () => this.#appended(),
      (error) => this.#failed(error),
    );
  }

  #appended(): void {
    this.#pending = this.#pending.length === this.#writing ? [] : this.#pending.slice(this.#writing);
    this.#waiting = Math.min(this.#waiting, this.#pending.length);
    if (this.#waiting < this.#pending.length || this.#pending.length > MAX_PENDING) {
      this.#append();
      return;
    }
    this.#rest();
    if (this.#pending.length > 0) this.#schedule();
  }

  async #failed(error: unknown): Promise<void> {
    try {
      await this.#repeat(error, () => this.#store.append(this.#lease, this.#pending.slice(0, this.#writing)));
      this.#appended();
    } catch (final) {
      this.#failure = { error: final };
      this.#rest();
    }
  }

  #rest(): void {
    this.#busy = false;
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  #untilIdle(): Promise<void> {
    this.#idle ??= Promise.withResolvers();
    return this.#idle.promise;
  }

  /** Tries again what failed with `error`. */
  async #repeat<Value>(error: unknown, attempt: () => Promise<Value>): Promise<Value> {
    let tried = false;
    return repeat(
      async () => {
        if (!tried) {
          tried = true;
          throw error;
        }
        await this.#forgetStored();
        return attempt();
      },
      (failure) => this.#isFinal(failure),
    );
  }

  /** Whether repeating is of no use. */
  async #isFinal(error: unknown): Promise<boolean> {
    if (!hasCode(error, "FENCED")) return hasCode(error, ...FINAL);
    // The lease may still be held: an earlier write whose answer was lost has got there later than this one looked.
    return this.#store.append(this.#lease, []).then(
      () => false,
      (refusal) => hasCode(refusal, ...FINAL),
    );
  }

  /** A write may have succeeded although its answer did not arrive. */
  async #forgetStored(): Promise<void> {
    const lastSeq = (await this.#store.get(this.#lease.runId))?.lastSeq ?? -1;
    const stored = this.#pending.findIndex(({ seq }) => seq > lastSeq);
    const gone = stored === -1 ? this.#pending.length : stored;
    this.#pending = this.#pending.slice(gone);
    this.#writing = Math.max(0, this.#writing - gone);
  }
}
