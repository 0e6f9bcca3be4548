import type { Logger } from "../contracts/logger.ts";
import type { RunLease, RunStore } from "../contracts/run-store.ts";
import { hasCode } from "../errors/has-code.ts";
import type { HostedAgent } from "./hosted-agent.ts";
import { inTime } from "./in-time.ts";
import type { RunExecutions } from "./run-executions.ts";
import { RunLeases } from "./run-leases.ts";
import type { InterruptionCause, RunRecovery } from "./run-recovery.ts";

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

/** A run that may be this process's, and that nobody here is at work on. */
export interface LooseRun {
  readonly runId: string;
  /** What this process would own it as. */
  readonly owner: string;
  readonly lease?: RunLease | undefined;
  /** Its session's fence, if it is known to have had its turn. */
  readonly fence?: number | undefined;
  readonly cause: InterruptionCause;
}

/** Keeps this process's hold on its runs, and looks after those that nobody is at work on: its own, and those of the dead. */
export class RunKeeper {
  readonly #options: RunKeeperOptions;
  readonly #leases: RunLeases;
  readonly #loose = new Map<string, LooseRun>();
  /** The owner that runs of the dead are taken over as. It is given up where it can't be told what it got. */
  #heir: string = crypto.randomUUID();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #draining = false;

  constructor(options: RunKeeperOptions) {
    this.#options = options;
    const { store, log, executions } = options;
    this.#leases = new RunLeases({
      store,
      log,
      owners: () => this.#owners(),
      check: () => executions.check(),
    });
  }

  start(): void {
    this.#leases.start();
    this.#timer = setInterval(this.#look, this.#options.store.leaseTtl / 3).unref();
    this.#look();
  }

  /** Takes over no more runs, but goes on to hold those that are at work. Resolves when no taking over is under way. */
  async drain(): Promise<void> {
    this.#draining = true;
    await this.#looking;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const left = this.#looking ?? Promise.resolve();
    await inTime(left, STOP_TIMEOUT, "The store does not answer.").catch((error) =>
      this.#options.log.warn({ err: error }, "runs that nobody is at work on are left as they are"),
    );
    this.#leases.stop();
  }

  /** Goes on with a run, or ends it, as soon as the store tells what there is of it. */
  tendLater(run: LooseRun): void {
    this.#loose.set(run.runId, run);
  }

  #owners(): Set<string> {
    const { owner, executions } = this.#options;
    const owners = executions.owners.add(owner);
    for (const loose of this.#loose.values()) owners.add(loose.owner);
    return owners;
  }

  readonly #look = (): void => {
    this.#looking ??= this.#lookAfterAll().finally(() => {
      this.#looking = undefined;
    });
  };

  async #lookAfterAll(): Promise<void> {
    try {
      await atOnce([...this.#loose.values()], (run) => this.#tend(run));
      if (!this.#draining && this.#leases.steady) await this.#recover();
      if (!this.#draining) await this.#claim();
    } catch (error) {
      this.#options.log.error({ err: error }, "runs that nobody is at work on can't be looked after for now");
    }
  }

  async #recover(): Promise<void> {
    const { store, agents } = this.#options;
    for (let full = true; full && !this.#draining; ) {
      const owner = this.#heir;
      let recovered: Awaited<ReturnType<RunStore["recover"]>>;
      try {
        recovered = await store.recover(owner, { agents: [...agents.keys()], limit: RUNS_AT_ONCE });
      } catch (error) {
        // What it may have got goes to whoever comes next, since it is silent from now on.
        this.#heir = crypto.randomUUID();
        throw error;
      }
      if (recovered.length === 0) return;
      this.#heir = crypto.randomUUID();
      full = recovered.length === RUNS_AT_ONCE;
      for (const { run, lease, fence } of recovered) {
        this.tendLater({ runId: run.id, owner, lease, fence, cause: "died" });
      }
      await atOnce(recovered, async (taken) => {
        await this.#attempt(taken.run.id, async () => {
          const agent = agents.get(taken.run.session.agent) as HostedAgent;
          await this.#options.recovery.resume(agent, taken, "died");
        });
      });
    }
  }

  async #claim(): Promise<void> {
    const { store, agents, claim } = this.#options;
    const waiting = await store.unclaimed({ agents: [...agents.keys()], limit: CLAIMS_AT_ONCE });
    for (const runId of waiting) await claim(runId);
  }

  async #tend({ runId, owner, lease: held, fence, cause }: LooseRun): Promise<void> {
    const { store, agents, recovery } = this.#options;
    await this.#attempt(runId, async () => {
      const run = await store.get(runId);
      const agent = agents.get(run?.session.agent ?? "");
      if (run === undefined || agent === undefined) return;
      if (run.owner !== owner) {
        // It is another's. To be refused tells the store that readers here have to look elsewhere.
        if (held !== undefined) await store.append(held, []).catch(ignoreFenced);
        return;
      }
      const lease = await store.acquire(runId, owner);
      const begun = run.startedAt !== undefined && run.completedAt === undefined;
      const known = fence ?? (begun ? await store.waitTurn(lease) : undefined);
      await recovery.resume(agent, { run, lease, fence: known }, cause);
    });
  }

  /** Does what makes a run loose no longer; where that fails, it stays so. */
  async #attempt(runId: string, step: () => Promise<void>): Promise<void> {
    const loose = this.#loose.get(runId);
    try {
      await step();
      if (this.#loose.get(runId) === loose) this.#loose.delete(runId);
    } catch (error) {
      this.#options.log.error({ err: error, run_id: runId }, "the run can't be gone on with yet");
    }
  }
}

/** How long to wait at the end for what is being looked after, in milliseconds. */
const STOP_TIMEOUT = 2000;

/** How many runs to take over, and to look after, at once. */
const RUNS_AT_ONCE = 8;

/** How many runs that nobody owns to have taken on at once. */
const CLAIMS_AT_ONCE = 64;

async function atOnce<Item>(items: readonly Item[], step: (item: Item) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += RUNS_AT_ONCE) {
    await Promise.all(items.slice(at, at + RUNS_AT_ONCE).map(step));
  }
}

function ignoreFenced(error: unknown): void {
  if (!hasCode(error, "FENCED")) throw error;
}
