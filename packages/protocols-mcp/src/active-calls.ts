/** A call that goes on in this process. */
export interface ActiveCall {
  /** The client's own name of the call; see `runIdOf`. */
  readonly key: string;
  /** The run it has started, where that is not of the same id. */
  runId?: string | undefined;
  readonly canceled: AbortController;
}

/**
 * What clients of revisions that tell of a cancellation in a request of its own may cancel here. Such a request may overtake
 * the one that it is about.
 */
export class ActiveCalls {
  readonly #calls = new Map<string, Set<ActiveCall>>();
  /** The names of canceled calls that are still to come, the oldest first. */
  readonly #early = new Set<string>();

  /** Notes a call until it has ended. One that was canceled before is so from the start. */
  enter(key: string): { readonly call: ActiveCall; readonly leave: () => void } {
    const call = { key, canceled: new AbortController() };
    if (this.#early.delete(key)) call.canceled.abort();
    const others = this.#calls.get(key) ?? new Set();
    this.#calls.set(key, others.add(call));
    const leave = () => {
      others.delete(call);
      if (others.size === 0) this.#calls.delete(key);
    };
    return { call, leave };
  }

  /** Cancels the calls of that name, or else the next one that comes, and says which runs are theirs. */
  cancel(key: string): readonly string[] {
    const calls = [...(this.#calls.get(key) ?? [])];
    for (const { canceled } of calls) canceled.abort();
    if (calls.length === 0) this.#remember(key);
    return calls.map(({ runId = key }) => runId);
  }

  /** True as long as a canceled call of that name is still to come. */
  awaits(key: string): boolean {
    return this.#early.has(key);
  }

  /** Takes the next call of that name as it is. */
  forget(key: string): void {
    this.#early.delete(key);
  }

  #remember(key: string): void {
    this.#early.add(key);
    const [oldest] = this.#early;
    if (oldest !== undefined && this.#early.size > MAX_EARLY) this.#early.delete(oldest);
  }
}

/** How many calls that are still to come are known to be canceled. */
const MAX_EARLY = 1000;
