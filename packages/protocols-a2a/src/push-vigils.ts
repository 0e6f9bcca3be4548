import {
  type Logger,
  type Runs,
  RuntimeError,
  type TaskAttempt,
  type TaskQueue,
  type TaskWorker,
} from "@agentscope-runtime/core";
import { z } from "zod";
import type { PushConfigs, TaskKey } from "./push-configs.ts";
import { isGone } from "./push-delivery.ts";
import { findChain } from "./task-runs.ts";

export interface PushVigilsOptions {
  readonly runs: () => Runs;
  readonly queue: TaskQueue;
  /** What they are called in the queue. */
  readonly name: string;
  readonly configs: PushConfigs;
  readonly log: Logger;
}

/**
 * Looks after tasks that somebody wants to be told of, once an hour: what is kept for that is deleted when the task is
 * there no more, or nobody has to be told any longer.
 */
export class PushVigils {
  readonly #options: PushVigilsOptions;
  #worker: TaskWorker | undefined;

  constructor(options: PushVigilsOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { queue, name, log } = this.#options;
    this.#worker = await queue.work(name, (attempt) => this.#look(attempt), { log });
  }

  async stop(): Promise<void> {
    await this.#worker?.close();
  }

  /** Looks after a task from now on. Never rejects: where nobody does, what is kept lasts no longer than it may. */
  async watch(task: TaskKey): Promise<void> {
    const { queue, name, log } = this.#options;
    const { agent, userId, taskId } = task;
    // The same for all who ask for it within an hour.
    const hour = Math.ceil(Date.now() / INTERVAL);
    const id = JSON.stringify([agent, userId, taskId, hour]);
    const limits = { delay: INTERVAL, attempts: MAX_ATTEMPTS };
    await queue.enqueue({ name, id, input: task, userId, ...limits }).catch((error) => {
      // Those who ask for very many get no more of them, and no line each.
      if (RuntimeError.is(error) && error.code === "QUEUE_FULL") return;
      log.warn({ err: error, task_id: taskId }, "nobody looks after who is to be told of a task");
    });
  }

  async #look({ input }: TaskAttempt): Promise<void> {
    const { runs, configs } = this.#options;
    const task = Task.parse(input);
    try {
      await findChain(runs(), task.agent, task.taskId, { userId: task.userId });
    } catch (error) {
      if (!isGone(error)) throw error;
      return configs.delete(task, () => true);
    }
    // What has lasted too long goes with any change.
    await configs.delete(task, () => false);
    if ((await configs.list(task)).length > 0) await this.watch(task);
  }
}

const Task: z.ZodType<TaskKey> = z.object({ agent: z.string(), userId: z.string(), taskId: z.string() });

const INTERVAL = 3_600_000;

/** More than a day, at five minutes each. */
const MAX_ATTEMPTS = 300;
