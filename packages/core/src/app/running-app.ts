/** A server that listens. */
export interface RunningApp extends AsyncDisposable {
  /** Where it listens, such as `http://127.0.0.1:8090`. */
  readonly url: string;

  /** Drains: takes on no more runs, lets running ones end within the grace period, then stops everything. */
  close(): Promise<void>;

  /** Resolves once everything is stopped, by `close` or by a signal. */
  readonly closed: Promise<void>;
}

/** A server that listens at `url` and can be closed once. */
export function runningApp(url: string, stop: () => Promise<void>): RunningApp {
  const { promise: closed, resolve, reject } = Promise.withResolvers<void>();
  closed.catch(() => undefined);
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= stop();
    closing.then(resolve, reject);
    return closing;
  };
  return { url, close, closed, [Symbol.asyncDispose]: close };
}
