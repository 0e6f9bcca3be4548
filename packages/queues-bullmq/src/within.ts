/** What `work` resolves to, which is handed a promise that rejects with a {@link LateError} when the time is over. */
export async function within<T>(timeout: number, work: (late: Promise<never>) => Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  late.catch(() => undefined);
  const timer = setTimeout(() => reject(new LateError(`There was no answer within ${timeout} ms.`)), timeout);
  try {
    return await work(late);
  } finally {
    clearTimeout(timer);
  }
}

export class LateError extends Error {}
