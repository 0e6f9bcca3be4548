import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../contracts/logger.ts";
import type { RunStore } from "../contracts/run-store.ts";
import type { RunExecutions } from "./run-executions.ts";

export interface DrainRunsOptions {
  readonly store: RunStore;
  readonly executions: RunExecutions;
  readonly log: Logger;
  /** Resolves when nothing is being taken on any more. */
  readonly admitted: () => Promise<unknown>;
}

/** Brings the runs at work to their end, or hands them over, as `Runs.drain` says. */
export async function drainRuns(
  { store, executions, log, admitted }: DrainRunsOptions,
  grace: number,
): Promise<void> {
  const settled = async () => {
    await admitted();
    await executions.settled();
  };
  const over = new AbortController();
  const timeout = (ms: number) => sleep(ms, undefined, { signal: over.signal }).catch(() => undefined);
  if (store.lasting) executions.handBack({ begun: false });
  await Promise.race([settled(), timeout(grace)]);
  const longest = executions.cancelGrace;
  if (store.lasting) executions.handBack({ begun: true });
  const canceled = async () => {
    await Promise.all(executions.kept.map((id) => cancelAtDrain(store, log, id)));
    await settled();
    return true;
  };
  const isOver = await Promise.race([canceled(), timeout(longest + SETTLE_AT_DRAIN)]);
  over.abort();
  if (executions.size > 0) {
    log.warn({ runs: executions.ids }, "some handlers have not returned before the end");
  } else if (isOver !== true) {
    log.warn({}, "the store has not answered all before the end");
  }
}

async function cancelAtDrain(store: RunStore, log: Logger, id: string): Promise<void> {
  try {
    await store.requestCancel(id, { reason: "The server is shutting down." });
  } catch (error) {
    log.error({ err: error, run_id: id }, "the run could not be canceled at the end");
  }
}

/** How long a shutdown waits for canceled handlers to return, and for a store that does not answer, in milliseconds beyond the cancel grace. */
const SETTLE_AT_DRAIN = 2000;
