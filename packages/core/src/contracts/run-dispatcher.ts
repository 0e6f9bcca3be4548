import type { Service } from "./service.ts";

/** What takes on dispatched runs, until it is closed. */
export interface RunWorker {
  /** Takes on no more; resolves when the runs at work have settled. */
  close(): Promise<void>;
}

/** Hands runs from the processes that accept them to those that execute them. */
export interface RunDispatcher extends Service {
  /** Has some worker take the run on. To dispatch a run again that waits already changes nothing. */
  dispatch(agent: string, runId: string): Promise<void>;

  /** Takes on the runs of those agents. `take` resolves when a run has settled; it is told each run once at a time. */
  work(agents: readonly string[], take: (runId: string) => Promise<void>): Promise<RunWorker>;
}
