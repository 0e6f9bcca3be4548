import type { Logger } from "../contracts/logger.ts";
import type { RecoveredRun, RunStore } from "../contracts/run-store.ts";
import type { HostedAgent } from "./hosted-agent.ts";
import type { RunExecutions } from "./run-executions.ts";
import type { RunRecovery } from "./run-recovery.ts";

export interface RunKeeperOptions {
  readonly store: RunStore;
  readonly owner: string;
  /** By name; runs of others are left to those who host them. */
  readonly agents: ReadonlyMap<string, HostedAgent>;
  readonly executions: RunExecutions;
  readonly recovery: RunRecovery;
  readonly log: Logger;
  /** Has a run taken on that nobody owns although it is its turn. */
  readonly claim: (runId: string) => Promise<void>;
}

/** Keeps this process's hold on its runs, and looks after the runs of processes that have died. */
export class RunKeeper {
  readonly #options: RunKeeperOptions;
  /** Runs of this owner whose end could not be written yet. */
  readonly #unfinished = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> | undefined;
  #failing = false;
  #recovering = true;
  /** When to look after the runs of others again, on the clock of `performance.now`. */
  #recoverFrom = 0;

  constructor(options: RunKeeperOptions) {
    this.#options = options;
  }

  /** Begins, with runs that were left behind first of all. */
  start(): void {
    this.#timer = setInterval(this.#beat, this.#options.store.leaseTtl / 3).unref();
    this.#beat();
  }

  /** Takes over no more runs, but goes on to hold those that are at work. */
  drain(): void {
    this.#recovering = false;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
  }

  /** Writes the end of a run as soon as that can be done again. */
  finishLater(runId: string): void {
    this.#unfinished.add(runId);
  }

  // A slow store is not asked a second time before it has answered.
  readonly #beat = (): void => {
    this.#beating ??= this.#keep().finally(() => {
      this.#beating = undefined;
    });
  };

  async #keep(): Promise<void> {
    const { store, owner, executions, log } = this.#options;
    try {
      if (!(await store.renew(owner))) await executions.check();
      await Promise.all([...this.#unfinished].map((runId) => this.#finish(runId)));
      if (this.#recovering && performance.now() >= this.#recoverFrom) await this.#recover();
      this.#failing = false;
    } catch (error) {
      // A store that was away has heard nobody: whoever is alive gets the time to be heard first.
      this.#recoverFrom = performance.now() + store.leaseTtl;
      if (!this.#failing) log.error({ err: error }, "the run store can't be reached: leases may be lost");
      this.#failing = true;
    }
  }

  async #recover(): Promise<void> {
    const { store, owner, agents, claim } = this.#options;
    const options = { agents: [...agents.keys()], limit: RUNS_PER_BEAT };
    await Promise.all((await store.recover(owner, options)).map((recovered) => this.#resume(recovered)));
    for (const runId of await store.unclaimed(options)) await claim(runId);
  }

  async #resume(recovered: RecoveredRun): Promise<void> {
    const { agents, recovery, log } = this.#options;
    const { id, session } = recovered.run;
    try {
      await recovery.resume(agents.get(session.agent) as HostedAgent, recovered);
    } catch (error) {
      log.error({ err: error, run_id: id }, "a run that was taken over could not be gone on with yet");
      // It is this owner's now: nobody else would come for it.
      this.#unfinished.add(id);
    }
  }

  async #finish(runId: string): Promise<void> {
    const { store, owner, agents, recovery, log } = this.#options;
    try {
      const run = await store.get(runId);
      const agent = agents.get(run?.session.agent ?? "");
      if (run?.owner === owner && agent !== undefined) {
        await recovery.end(agent, run, await store.acquire(runId, owner));
      }
      this.#unfinished.delete(runId);
    } catch (error) {
      log.error({ err: error, run_id: runId }, "the run could not be written to its end yet");
    }
  }
}

/** How many runs to take over at a time. */
const RUNS_PER_BEAT = 64;
