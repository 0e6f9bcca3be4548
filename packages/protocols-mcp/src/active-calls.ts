/** A call that goes on in this process. */
export interface ActiveCall {
  /** The client's own name of the call; see `runIdOf`. */
  readonly key: string;
  /** The run it has started, where that is not of the same id. */
  runId?: string | undefined;
  readonly canceled: AbortController;
}

/** What clients of revisions that tell of a cancellation in a request of its own may cancel here. */
export class ActiveCalls {
  readonly #calls = new Map<string, Set<ActiveCall>>();

  /** Notes a call until it has ended. */
  enter(key: string): { readonly call: ActiveCall; readonly leave: () => void } {
    const call = { key, canceled: new AbortController() };
    const others = this.#calls.get(key) ?? new Set();
    this.#calls.set(key, others.add(call));
    const leave = () => {
      others.delete(call);
      if (others.size === 0) this.#calls.delete(key);
    };
    return { call, leave };
  }

  /** Cancels the calls of that name, and says which runs are theirs. */
  cancel(key: string): readonly string[] {
    const calls = [...(this.#calls.get(key) ?? [])];
    for (const { canceled } of calls) canceled.abort();
    return calls.map(({ runId = key }) => runId);
  }
}
