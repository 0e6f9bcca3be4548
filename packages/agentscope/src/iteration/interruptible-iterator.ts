/** Takes items from an iterable, but does not go on waiting for one when `signal` aborts. */
export class InterruptibleIterator<T> {
  readonly #iterator: AsyncIterator<T>;
  readonly #signal: AbortSignal;
  #pending: Promise<IteratorResult<T>> | undefined;
  #reject: ((reason: unknown) => void) | undefined;

  constructor(iterable: AsyncIterable<T>, signal: AbortSignal) {
    this.#iterator = iterable[Symbol.asyncIterator]();
    this.#signal = signal;
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** The next result; rejects with the signal's reason as soon as it aborts. */
  next(): Promise<IteratorResult<T>> {
    if (this.#signal.aborted) return Promise.reject(this.#signal.reason);
    // One promise per item and one listener in all: racing against a promise that outlives the loop would leak.
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      this.#pending = this.#iterator.next();
      this.#pending.then(resolve, reject);
    });
  }

  /** The result that `next` stopped waiting for, or `undefined` when it does not come within `milliseconds`. */
  async settle(milliseconds: number): Promise<IteratorResult<T> | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), milliseconds);
    });
    try {
      return await Promise.race([this.#pending, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Lets go of the iterator, without waiting for it to notice. */
  release(): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
    // A generator that is awaiting can't be stopped; what becomes of it concerns nobody any more.
    this.#iterator.return?.().then(undefined, () => {});
  }

  readonly #onAbort = (): void => this.#reject?.(this.#signal.reason);
}
