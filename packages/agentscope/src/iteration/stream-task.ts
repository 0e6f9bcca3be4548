export interface StreamTaskOptions<T, R> {
  /** The work. It pushes items while it runs and stops when the signal aborts. */
  readonly task: (push: (item: T) => void, signal: AbortSignal) => Promise<R>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a task and yields what it pushes, in order, then returns what it returns or throws what it throws. The task starts
 * with the iteration; when the consumer leaves, it is aborted and awaited.
 */
export async function* streamTask<T, R>({ task, signal }: StreamTaskOptions<T, R>): AsyncGenerator<T, R> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });

  let items: T[] = [];
  let settled = false;
  let wake = (): void => {};
  const push = (item: T): void => {
    items.push(item);
    wake();
  };
  const running = (async () => task(push, controller.signal))();
  const ended = running.then(
    () => {},
    () => {},
  );
  void ended.then(() => {
    settled = true;
    wake();
  });

  try {
    while (!settled || items.length > 0) {
      if (items.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      // Whole batches are taken, so that a burst costs one wait.
      const batch = items;
      items = [];
      for (const item of batch) yield item;
    }
    return await running;
  } finally {
    controller.abort();
    signal?.removeEventListener("abort", abort);
    await ended;
  }
}
