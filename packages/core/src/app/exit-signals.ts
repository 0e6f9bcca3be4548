const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/**
 * Calls `close` at the first signal to end, and ends the process when it is done: with 0, or with 1 if it failed. A
 * second signal ends the process at once. Returns what takes the handlers away.
 */
export function onExitSignals(close: () => Promise<void>): () => void {
  let signaled = false;
  const onSignal = () => {
    if (signaled) process.exit(1);
    signaled = true;
    close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return () => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
}
