import type { A2AEvent } from "./a2a-task.ts";

type Batch = readonly A2AEvent[];

/** The events of a task: what is there at once together, as they go over the wire. */
export type A2ABatches = AsyncIterableIterator<Batch, undefined>;

/**
 * The batches that `start` gives once the first of them is asked for; where that or a batch fails, rejects with what
 * `report` makes of it. An iterator by hand, and not a generator, since it is on the path of every event.
 */
export class KnownBatches implements A2ABatches {
  readonly #start: () => Promise<AsyncIterable<Batch>>;
  readonly #report: (error: unknown) => Error;
  #batches: AsyncIterator<Batch> | undefined;
  #ended = false;

  constructor(start: () => Promise<AsyncIterable<Batch>>, report: (error: unknown) => Error) {
    this.#start = start;
    this.#report = report;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Batch, undefined>> {
    const next = this.#batches === undefined ? this.#begin() : this.#batches.next();
    return next.catch(this.#fail);
  }

  async return(): Promise<IteratorResult<Batch, undefined>> {
    this.#ended = true;
    await this.#batches?.return?.();
    return DONE;
  }

  async #begin(): Promise<IteratorResult<Batch, undefined>> {
    if (this.#ended) return DONE;
    this.#batches = (await this.#start())[Symbol.asyncIterator]();
    // Nobody may want it any more by now.
    return this.#ended ? this.return() : this.#batches.next();
  }

  readonly #fail = (error: unknown): never => {
    this.#ended = true;
    throw this.#report(error);
  };
}

const DONE: IteratorResult<Batch, undefined> = { done: true, value: undefined };
