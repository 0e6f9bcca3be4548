import { abortable } from "../runs/abortable.ts";

/** The items up to their end, or until `signal` aborts, even where the next one never comes. */
export async function* untilAborted<Item>(
  items: AsyncIterable<Item> | Iterable<Item>,
  signal: AbortSignal,
): AsyncGenerator<Item> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  let done = false;
  try {
    while (!signal.aborted) {
      const next = await abortable(Promise.resolve(iterator.next()), signal);
      done = next.done === true;
      if (next.done === true) return;
      yield next.value;
    }
  } catch (error) {
    done = !signal.aborted;
    if (!signal.aborted) throw error;
  } finally {
    // Nobody waits for an iterator that may be in the middle of something.
    if (!done) Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}
