interface Waiter<Value> {
  readonly resolve: (value: Value) => void;
  readonly reject: (reason: unknown) => void;
  readonly giveUp: () => void;
  readonly signal: AbortSignal | undefined;
}

/** Those who wait for one thing. A promise for all would cost as much where nobody waits, as for most things nobody does. */
export class Waiters<Value> {
  #waiting: readonly Waiter<Value>[] = [];
  #rejection: (() => Error) | undefined;

  /** Settles with the others, but no later than when `signal` aborts: then it rejects with the signal's reason. */
  wait(signal: AbortSignal | undefined): Promise<Value> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#rejection !== undefined) throw this.#rejection();
      const giveUp = () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter);
        reject(signal?.reason);
      };
      const waiter: Waiter<Value> = { resolve, reject, giveUp, signal };
      // As long as it has to be: an array that grows makes room for sixteen more.
      this.#waiting = this.#waiting.concat(waiter);
      signal?.addEventListener("abort", giveUp, { once: true });
    });
  }

  resolve(value: Value): void {
    for (const waiter of this.#take()) waiter.resolve(value);
  }

  /** Rejects those who wait and those who will, for a reason that is made when it is needed. */
  reject(reason: () => Error): void {
    this.#rejection = reason;
    for (const waiter of this.#take()) waiter.reject(reason());
  }

  #take(): readonly Waiter<Value>[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { signal, giveUp } of waiting) signal?.removeEventListener("abort", giveUp);
    return waiting;
  }
}
