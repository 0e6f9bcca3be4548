import type { LogEntry } from "../contracts/log-entry.ts";
import type { RunStore, RunSummary } from "../contracts/run-store.ts";
import type { Snapshots } from "./snapshots.ts";

/**
 * Reads a run for somebody who joins it late: first a snapshot, which stands for all events up to its number, then what
 * follows. The snapshot is the run's last `response` event with the messages so far as its `output`; of an ended run it is
 * the terminal event itself.
 */
export async function* joinRun(
  store: RunStore,
  snapshots: Snapshots,
  run: RunSummary,
  signal?: AbortSignal,
): AsyncGenerator<readonly LogEntry[], undefined> {
  const { batch, after } = await snapshots.take(run, signal);
  // Taken out of the array: it may be large, and a reader stays for long.
  if (batch.length > 0) yield batch.splice(0);
  if (after !== undefined) yield* store.read(run.id, { after, follow: true, signal });
}
