import type { TerminalStatus } from "@agentscope-runtime/agent-api";
import type { LogEntry } from "../contracts/log-entry.ts";
import type { RunLease, RunStore } from "../contracts/run-store.ts";

/** How far the store may lag behind before the handler is made to wait. */
const MAX_PENDING = 256;

/**
 * Writes one run's log. Nobody waits for the store per event: what comes in while a write is under way goes into the
 * next one, and only when too much has gathered is there a promise to wait for.
 */
export class RunLogWriter {
  readonly #store: RunStore;
  readonly #lease: RunLease;
  #pending: LogEntry[] = [];
  /** While a write is under way: resolves when there is nothing left to write. */
  #idle: PromiseWithResolvers<void> | undefined;
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

  /** Takes entries. Throws what an earlier write failed with. Wait for the promise if there is one. */
  write(entries: readonly LogEntry[]): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure.error;
    for (const entry of entries) this.#length += entry.json.length;
    this.#count += entries.length;
    if (this.#idle === undefined) {
      this.#append(entries);
      return undefined;
    }
    this.#pending.push(...entries);
    return this.#pending.length > MAX_PENDING ? this.#idle.promise : undefined;
  }

  /** Writes what is left together with the terminal entries; false if the run has ended before. */
  async finish(status: TerminalStatus, entries: readonly LogEntry[]): Promise<boolean> {
    await this.#idle?.promise;
    if (this.#failure !== undefined) throw this.#failure.error;
    return this.#store.finish(this.#lease, status, [...this.#pending, ...entries]);
  }

  #append(entries: readonly LogEntry[]): void {
    this.#idle ??= Promise.withResolvers();
    this.#store.append(this.#lease, entries).then(this.#appended, this.#failed);
  }

  readonly #appended = (): void => {
    if (this.#pending.length > 0) {
      const entries = this.#pending;
      this.#pending = [];
      this.#append(entries);
    } else {
      this.#idle?.resolve();
      this.#idle = undefined;
    }
  };

  readonly #failed = (error: unknown): void => {
    this.#failure = { error };
    this.#idle?.resolve();
    this.#idle = undefined;
  };
}
