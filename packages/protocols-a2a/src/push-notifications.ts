import { setTimeout as sleep } from "node:timers/promises";
import { TaskNotFoundError } from "@a2a-js/sdk/errors";
import {
  type AgentState,
  backoffDelay,
  type Logger,
  type RunRecord,
  type Runs,
  type StateService,
  type TaskQueue,
  type TaskWorker,
} from "@agentscope-runtime/core";
import { type PushConfig, type PushConfigInput, toPushConfig } from "./push-config.ts";
import { PushConfigs, type TaskKey } from "./push-configs.ts";
import { deliveryId, isGone, PushDeliveries, type PushDelivery } from "./push-delivery.ts";
import { MAX_DELIVERIES, PushLoad } from "./push-load.ts";
import { type PushPlace, PushProgress } from "./push-progress.ts";
import type { PushSenderOptions } from "./push-sender.ts";
import { PushStore } from "./push-store.ts";
import { PushVigils } from "./push-vigils.ts";

export interface PushNotificationsOptions extends PushSenderOptions {
  readonly runs: () => Runs;
  /** The agents whose tasks are told of, by name, each with the state service that it names. */
  readonly agents: ReadonlyMap<string, () => StateService | undefined>;
  /** Who hosts the agents: other hosts may share the queue. */
  readonly host: string;
  readonly queue: TaskQueue;
  /** Where to keep configurations, where it is not the agent's own state service. */
  readonly state: StateService | undefined;
  /** Keeps them where there is no state service. */
  readonly memory: Map<string, AgentState>;
  readonly log: Logger;
}

/** What a client wants to be told, and of what. */
export interface PushWish {
  readonly task: TaskKey;
  readonly input: PushConfigInput;
  readonly version: string;
  /** What comes behind it is told. */
  readonly from: PushPlace;
}

/**
 * Tells those who want it of what becomes of tasks: each event at least once, in order. What is to be told of a run is
 * one delivery for each configuration, which waits for those of the task's earlier runs.
 */
export class PushNotifications {
  readonly #options: PushNotificationsOptions;
  readonly #configs: PushConfigs;
  readonly #deliveries: PushDeliveries;
  readonly #vigils: PushVigils;
  readonly #load = new PushLoad();
  readonly #name: string;
  readonly #pending = new Set<Promise<void>>();
  readonly #stopped = new AbortController();
  #worker: TaskWorker | undefined;
  #unlisten: (() => void) | undefined;

  constructor(options: PushNotificationsOptions) {
    this.#options = options;
    const { agents, state, memory, timeout, host } = options;
    const store = new PushStore({ stateOf: (name) => state ?? agents.get(name)?.(), memory, timeout });
    const progress = new PushProgress(store);
    this.#configs = new PushConfigs(store, progress);
    this.#name = JSON.stringify(["a2a push", host]);
    const parts = { name: this.#name, configs: this.#configs, progress, load: this.#load };
    this.#deliveries = new PushDeliveries({ ...options, ...parts });
    const { runs, queue, log } = options;
    const name = JSON.stringify(["a2a push vigil", host]);
    this.#vigils = new PushVigils({ runs, queue, name, log, configs: this.#configs });
  }

  async start(): Promise<void> {
    const { queue, log, runs } = this.#options;
    await queue.start();
    const options = { concurrency: MAX_DELIVERIES, timeout: LONGEST_RUN, log };
    this.#worker = await queue.work(this.#name, (attempt) => this.#deliveries.make(attempt), options);
    await this.#vigils.start();
    // Whichever protocol starts it: a run that answers is part of a task.
    this.#unlisten = runs().onStart((run) => {
      if (run.request.continues !== undefined && this.#options.agents.has(run.session.agent)) this.tell(run);
    });
  }

  async stop(): Promise<void> {
    this.#unlisten?.();
    this.#stopped.abort();
    // Where the state service hangs, what waits for it is left.
    await Promise.race([Promise.all(this.#pending), sleep(LAST_WORDS, undefined, { ref: false })]);
    await Promise.all([this.#worker?.close(), this.#vigils.stop()]);
    await this.#options.queue.stop();
  }

  /**
   * Keeps what a client wants, if that can be; it is told of runs that start from now on, and of those that {@link tell}
   * names. Throws `QUEUE_FULL` where no more can be told.
   */
  async save({ task, input, version, from }: PushWish): Promise<PushConfig> {
    const { allowPrivate } = this.#options;
    const config = toPushConfig(input, { taskId: task.taskId, from, version, allowPrivate });
    this.#load.assertRoom(task.userId, input.url);
    await this.#configs.save(task, config);
    void this.#vigils.watch(task);
    return config;
  }

  /** Has those who want it told of the task that a run is part of, up to its end. What fails here is done again later. */
  tell(run: RunRecord): void {
    if (this.#pending.size >= MAX_PENDING) {
      this.#options.log.error({ run_id: run.id }, "nobody is told of the run: too many wait for that");
      return;
    }
    const done = this.#tell(run).finally(() => this.#pending.delete(done));
    this.#pending.add(done);
  }

  list(task: TaskKey): Promise<readonly PushConfig[]> {
    return this.#configs.list(task);
  }

  async get(task: TaskKey, id: string): Promise<PushConfig> {
    const config = (await this.#configs.list(task)).find((other) => other.id === id);
    if (config !== undefined) return config;
    throw new TaskNotFoundError(`Task ${task.taskId} has no push notification configuration ${id}.`);
  }

  async delete(task: TaskKey, id: string): Promise<void> {
    await this.#configs.delete(task, (config) => config.id === id);
  }

  /** Forgets what was wanted to be told of a task that has not come to be. Never rejects: in time it is forgotten anyway. */
  async forget(task: TaskKey): Promise<void> {
    const failed = (error: unknown) =>
      this.#options.log.warn(
        { err: error, task_id: task.taskId },
        "a push notification was not forgotten yet",
      );
    await this.#configs.delete(task, () => true).catch(failed);
  }

  async #tell(run: RunRecord): Promise<void> {
    const { signal } = this.#stopped;
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        return await this.#enqueue(run);
      } catch (error) {
        if (isGone(error)) return;
        this.#options.log.warn({ err: error, run_id: run.id }, "nobody can be told of the run yet");
      }
      const delay = backoffDelay(this.#options.backoff, attempt);
      await sleep(delay, undefined, { signal }).catch(() => undefined);
    }
  }

  async #enqueue(run: RunRecord): Promise<void> {
    const { agent, userId } = run.session;
    const task = { agent, userId, taskId: await this.#taskOf(run) };
    const { queue, backoff } = this.#options;
    for (const { id, revision, url } of await this.#configs.list(task)) {
      this.#load.assertRoom(userId, url);
      const input: PushDelivery = { task, runId: run.id, configId: id, revision };
      const key = deliveryId(input);
      const limits = { attempts: MAX_ATTEMPTS, backoff };
      await queue.enqueue({ name: this.#name, id: key, fingerprint: key, input, userId, ...limits });
    }
  }

  /** The id of the first run of its chain. */
  async #taskOf({ id, session: { agent, userId }, request }: RunRecord): Promise<string> {
    let taskId = id;
    let { continues } = request;
    while (continues !== undefined) {
      taskId = continues;
      ({ continues } = (await this.#options.runs().get(agent, taskId, { userId })).request);
    }
    return taskId;
  }
}

/** How long a stop waits for what is about to be handed to the queue, in milliseconds. */
const LAST_WORDS = 1000;

/** How long one delivery may go on, in milliseconds: as long as its run. */
const LONGEST_RUN = 24 * 3_600_000;

/** How often a delivery is made that fails for other reasons than its receiver: most of a day, at a minute each. */
const MAX_ATTEMPTS = 1000;

/** Of how many runs nobody may have been told yet, as the state service or the queue is down. */
const MAX_PENDING = 10_000;
