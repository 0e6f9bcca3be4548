import {
  backoffDelay,
  type Logger,
  type RunDispatcher,
  RuntimeError,
  type RunWorker,
} from "@agentscope-runtime/core";
import { z } from "zod";
import type { BullMQConnection } from "./bullmq-connection.ts";
import { BullMQService } from "./bullmq-service.ts";
import type { BullMQOptions } from "./connection-options.ts";
import type { JobEnd, JobWorker, QueuedJob } from "./job-worker.ts";
import { encodeName } from "./queue-name.ts";

export interface BullMQRunDispatcherOptions extends BullMQOptions {
  /** How many runs of an agent a worker takes on at once. Defaults to 100. */
  readonly concurrency?: number | undefined;
  /** Where it is logged that a run could not be taken on. */
  readonly log?: Logger | undefined;
}

interface Parts {
  readonly connection: BullMQConnection;
  readonly workers: Set<JobWorker>;
}

/**
 * A {@link RunDispatcher} over BullMQ: a queue per agent, a job per run, gone when the run has settled. Runs are taken
 * on in the order they were dispatched. A run whose worker has died is given to another, and one that could not be taken
 * on is tried again after 1 to 30 seconds. `stop` does not wait for runs at work: `close` their worker first.
 */
export class BullMQRunDispatcher extends BullMQService<Parts> implements RunDispatcher {
  readonly #concurrency: number;
  readonly #log: Logger | undefined;

  constructor(options: BullMQRunDispatcherOptions) {
    super("BullMQRunDispatcher", options);
    this.#log = options.log;
    this.#concurrency = options.concurrency ?? 100;
    if (Number.isInteger(this.#concurrency) && this.#concurrency >= 1) return;
    throw new RuntimeError("CONFIGURATION_ERROR", "concurrency is a whole number from 1.");
  }

  async dispatch(agent: string, runId: string): Promise<void> {
    const { connection } = this.parts;
    const id = `run-${encodeName(runId)}`;
    await connection.add(queueName(agent), { id, data: { runId }, attempts: MAX_ATTEMPTS });
  }

  async work(agents: readonly string[], take: (runId: string) => Promise<void>): Promise<RunWorker> {
    const { connection, workers } = this.parts;
    const process = (job: QueuedJob) => this.#attempt(job, take);
    const options = { concurrency: this.#concurrency, process };
    const opened: JobWorker[] = [];
    const close = async () => {
      for (const worker of opened) worker.pause();
      await Promise.all(opened.map((worker) => worker.settled()));
      await Promise.all(opened.map((worker) => worker.close()));
      for (const worker of opened) workers.delete(worker);
    };
    try {
      for (const agent of new Set(agents)) {
        const worker = await connection.work(queueName(agent), options);
        opened.push(worker);
        workers.add(worker);
      }
    } catch (error) {
      await close();
      throw error;
    }
    return { close };
  }

  protected override open(connection: BullMQConnection): Parts {
    return { connection, workers: new Set() };
  }

  protected override async close({ workers }: Parts): Promise<void> {
    await Promise.all([...workers].map((worker) => worker.close()));
  }

  async #attempt({ data, failed }: QueuedJob, take: (runId: string) => Promise<void>): Promise<JobEnd> {
    const { runId } = DispatchedRun.parse(data);
    try {
      await take(runId);
      return { kind: "done" };
    } catch (error) {
      const delay = backoffDelay(BACKOFF, failed + 1);
      this.#log?.error({ err: error, run_id: runId, delay }, "the run could not be taken on yet");
      return { kind: "retry", delay };
    }
  }
}

function queueName(agent: string): string {
  return `runs-${encodeName(agent)}`;
}

const DispatchedRun = z.object({ runId: z.string() });

const BACKOFF = { delay: 2000, maxDelay: 30_000 };

// Then it is dropped. Whoever keeps the runs dispatches one again that nobody owns.
const MAX_ATTEMPTS = 20;
