import { TaskNotFoundError } from "@a2a-js/sdk/errors";
import {
  type LogEntry,
  type Logger,
  type RunRecord,
  type Runs,
  RuntimeError,
  type StateService,
  type TaskAttempt,
  type TaskQueue,
  type TaskWorker,
} from "@agentscope-runtime/core";
import { z } from "zod";
import type { A2AEvent } from "./a2a-task.ts";
import { type PushConfig, type PushConfigInput, toPushConfig } from "./push-config.ts";
import { PushConfigs, type TaskKey } from "./push-configs.ts";
import { type PushSenderOptions, sendPush } from "./push-sender.ts";
import { findChain, readTask } from "./task-runs.ts";
import { newA2AEventState, toA2AEvents, toWholeArtifact } from "./to-a2a-event.ts";

export interface PushNotificationsOptions extends PushSenderOptions {
  readonly runs: () => Runs;
  /** The state service that an agent names. */
  readonly stateOf: (agent: string) => StateService | undefined;
  /** Who hosts the agents: other hosts may share the queue. */
  readonly host: string;
  readonly queue: TaskQueue;
  /** Where to keep configurations, where it is not the agent's own state service. */
  readonly state: StateService | undefined;
  readonly log: Logger;
}

/** Tells those who want it of what becomes of tasks: each event at least once, in order. */
export class PushNotifications {
  readonly #options: PushNotificationsOptions;
  readonly #configs: PushConfigs;
  readonly #name: string;
  #worker: TaskWorker | undefined;

  constructor(options: PushNotificationsOptions) {
    this.#options = options;
    this.#configs = new PushConfigs((name) => options.state ?? options.stateOf(name));
    this.#name = JSON.stringify(["a2a push", options.host]);
  }

  async start(): Promise<void> {
    const options = { concurrency: CONCURRENCY, timeout: LONGEST_RUN, log: this.#options.log };
    this.#worker = await this.#options.queue.work(this.#name, (attempt) => this.#deliver(attempt), options);
  }

  async stop(): Promise<void> {
    await this.#worker?.close();
    this.#worker = undefined;
  }

  /** Checks what a client wants to be told, for a task that may be yet to come. */
  check(input: PushConfigInput, version: string): void {
    toPushConfig(input, { taskId: "", version, allowPrivate: this.#options.allowPrivate });
  }

  /** Tells of the task from now on, as long as there is something to tell. */
  async create(task: TaskKey, run: RunRecord, input: PushConfigInput, version: string): Promise<PushConfig> {
    const { allowPrivate } = this.#options;
    const config = toPushConfig(input, { taskId: task.taskId, version, allowPrivate });
    await this.#configs.save(task, config);
    if (run.completedAt === undefined) await this.#enqueue(task, run, config);
    return config;
  }

  /** Tells those who wanted to hear of the task of another run of it. */
  async goOn(task: TaskKey, run: RunRecord): Promise<void> {
    for (const config of await this.#configs.list(task)) await this.#enqueue(task, run, config);
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
    await this.#configs.delete(task, id);
  }

  async #enqueue(task: TaskKey, run: RunRecord, { id, revision }: PushConfig): Promise<void> {
    const input: Delivery = { task, runId: run.id, configId: id, revision };
    const taskId = JSON.stringify([run.id, id, revision]);
    await this.#options.queue.enqueue({ name: this.#name, id: taskId, input, fingerprint: taskId });
  }

  async #deliver({ input, signal }: TaskAttempt): Promise<void> {
    const delivery = Delivery.parse(input);
    const { task } = delivery;
    try {
      for await (const event of this.#events(delivery, signal)) {
        const config = await this.#current(delivery);
        if (config === undefined) return;
        const result = await sendPush(event, config, this.#options, signal);
        if (result.kind === "refused") {
          const about = { task_id: task.taskId, config_id: config.id, reason: result.reason };
          this.#options.log.warn(about, "a push notification was given up");
        }
        // A queue that outlives this process has another one go on.
        if (result.kind === "aborted") throw new Error("The server is shutting down.");
      }
    } catch (error) {
      // Nothing can be told any more of what is gone.
      if (!(RuntimeError.is(error) && GONE.has(error.code)) && !(error instanceof TaskNotFoundError))
        throw error;
    }
  }

  /** The configuration, unless it was deleted or set anew meanwhile. */
  async #current({ task, configId, revision }: Delivery): Promise<PushConfig | undefined> {
    const configs = await this.#configs.list(task);
    return configs.find((config) => config.id === configId && config.revision === revision);
  }

  async *#events({ task, runId }: Delivery, signal: AbortSignal): AsyncGenerator<A2AEvent> {
    const runs = this.#options.runs();
    const chain = await findChain(runs, task.agent, task.taskId, { userId: task.userId });
    const place = chain.findIndex(({ id }) => id === runId);
    const run = chain[place];
    if (run === undefined) return;
    const earlier = await readTask(runs, chain.slice(0, place), signal);
    const state = newA2AEventState(run, { earlier });
    for await (const batch of runs.read(runId, { follow: true, signal })) {
      for (const entry of batch) yield* toNotifications(entry, toA2AEvents(entry, state), task.taskId);
    }
  }
}

/** What is told of an entry: artifacts when they are whole, and all else. */
function toNotifications(
  { event }: LogEntry,
  events: readonly A2AEvent[],
  taskId: string,
): readonly A2AEvent[] {
  const whole = events.filter((other) => !("artifactUpdate" in other));
  const artifact = event.object === "message" ? toWholeArtifact(event) : undefined;
  const [update] = events;
  if (artifact === undefined || update === undefined || !("artifactUpdate" in update)) return whole;
  const { contextId } = update.artifactUpdate;
  return [{ artifactUpdate: { taskId, contextId, artifact, lastChunk: true } }];
}

const Delivery: z.ZodType<Delivery> = z.object({
  task: z.object({ agent: z.string(), userId: z.string(), taskId: z.string() }),
  runId: z.string(),
  configId: z.string(),
  revision: z.string(),
});
interface Delivery {
  readonly task: TaskKey;
  readonly runId: string;
  readonly configId: string;
  readonly revision: string;
}

const GONE: ReadonlySet<string> = new Set(["RESOURCE_NOT_FOUND", "RUN_EXPIRED"]);

/** How many are told at once. */
const CONCURRENCY = 1000;

/** How long one delivery may go on, in milliseconds: as long as its run. */
const LONGEST_RUN = 24 * 3_600_000;
