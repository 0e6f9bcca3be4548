import { TaskNotFoundError } from "@a2a-js/sdk/errors";
import {
  type LogEntry,
  type Logger,
  type RunRecord,
  type Runs,
  RuntimeError,
  type TaskAttempt,
  type TaskQueue,
} from "@agentscope-runtime/core";
import { z } from "zod";
import type { A2AEvent } from "./a2a-task.ts";
import type { PushConfig } from "./push-config.ts";
import type { PushConfigs, TaskKey } from "./push-configs.ts";
import type { PushLoad } from "./push-load.ts";
import type { PushPlace, PushProgress } from "./push-progress.ts";
import { type PushSenderOptions, sendPush } from "./push-sender.ts";
import { findChain, readTask } from "./task-runs.ts";
import { newA2AEventState, toA2AEvents, toWholeArtifact } from "./to-a2a-event.ts";
import { isEnded } from "./to-a2a-status.ts";

/** What a receiver is to be told: all of a task up to the end of a run that it has not been told of yet. */
export interface PushDelivery {
  readonly task: TaskKey;
  readonly runId: string;
  readonly configId: string;
  readonly revision: string;
}
export const PushDelivery: z.ZodType<PushDelivery> = z.object({
  task: z.object({ agent: z.string(), userId: z.string(), taskId: z.string() }),
  runId: z.string(),
  configId: z.string(),
  revision: z.string(),
});

/** The id that a delivery has in the queue. */
export function deliveryId({ runId, configId, revision }: PushDelivery): string {
  return JSON.stringify([runId, configId, revision]);
}

export interface PushDeliveriesOptions extends PushSenderOptions {
  readonly runs: () => Runs;
  readonly queue: TaskQueue;
  /** What deliveries are called in the queue. */
  readonly name: string;
  readonly configs: PushConfigs;
  readonly progress: PushProgress;
  readonly load: PushLoad;
  readonly log: Logger;
}

/** Makes deliveries. One that has failed goes on behind what was taken, when it is made again. */
export class PushDeliveries {
  readonly #options: PushDeliveriesOptions;

  constructor(options: PushDeliveriesOptions) {
    this.#options = options;
  }

  async make({ input, signal }: TaskAttempt): Promise<void> {
    const delivery = PushDelivery.parse(input);
    const config = await this.#current(delivery);
    if (config === undefined) return this.#forget(delivery);
    const leave = this.#options.load.enter(delivery.task.userId, config.url);
    try {
      await this.#tell(delivery, config, signal);
    } catch (error) {
      if (!isGone(error)) throw error;
      // Nothing can be told any more of what is gone.
      await this.#forget(delivery);
    } finally {
      leave();
    }
  }

  async #tell(delivery: PushDelivery, config: PushConfig, signal: AbortSignal): Promise<void> {
    const { runs, progress } = this.#options;
    const { task, runId, revision } = delivery;
    const chain = await findChain(runs(), task.agent, task.taskId, { userId: task.userId });
    const last = chain.findIndex(({ id }) => id === runId);
    const indexOf = ({ runId }: PushPlace) =>
      Math.max(
        0,
        chain.findIndex(({ id }) => id === runId),
      );
    const place = async () => (await progress.read(task, revision)) ?? config.from;
    await this.#othersEnd(chain.slice(indexOf(await place()), Math.max(0, last)), delivery, signal);
    const from = await place();
    for (let at = indexOf(from); at <= last; at++) {
      const run = chain[at] as RunRecord;
      try {
        const isOver = await this.#tellOf(run, chain.slice(0, at), delivery, { from, signal });
        if (isOver) return;
      } catch (error) {
        // What an earlier run has made may be gone before the last one's is.
        if (at === last || !isGone(error)) throw error;
      }
    }
  }

  /** Tells of one run. Resolves to true where there is nothing more to be told, now or later. */
  async #tellOf(
    run: RunRecord,
    before: readonly RunRecord[],
    delivery: PushDelivery,
    { from, signal }: { readonly from: PushPlace; readonly signal: AbortSignal },
  ): Promise<boolean> {
    const runs = this.#options.runs();
    const { task, revision } = delivery;
    const known = run.id === from.runId ? from.seq : -1;
    const state = newA2AEventState(run, { earlier: await readTask(runs, before, signal) });
    for await (const batch of runs.read(run.id, { follow: true, signal })) {
      for (const entry of batch) {
        const events = toNotifications(entry, toA2AEvents(entry, state), task.taskId);
        if (entry.seq <= known) continue;
        for (const event of events) {
          const config = await this.#current(delivery);
          if (config === undefined) {
            await this.#forget(delivery);
            return true;
          }
          await this.#send(event, config, signal);
          if (hasEnded(event)) {
            await this.#forget(delivery);
            return true;
          }
          await this.#options.progress.write(task, revision, { runId: run.id, seq: entry.seq });
        }
      }
    }
    // The reading ends without an error then.
    signal.throwIfAborted();
    return false;
  }

  async #send(event: A2AEvent, config: PushConfig, signal: AbortSignal): Promise<void> {
    const result = await sendPush(event, config, this.#options, signal);
    if (result.kind === "aborted") signal.throwIfAborted();
    if (result.kind !== "refused") return;
    const about = { task_id: config.taskId, config_id: config.id, reason: result.reason };
    this.#options.log.warn(about, "a push notification was given up");
  }

  /** Resolves when all there is to tell of those runs was told. */
  async #othersEnd(runs: readonly RunRecord[], delivery: PushDelivery, signal: AbortSignal): Promise<void> {
    const { queue, name } = this.#options;
    for (const run of runs) {
      const id = deliveryId({ ...delivery, runId: run.id });
      const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
      await queue.settled({ name, id }, patience).catch((error) => {
        if (!(RuntimeError.is(error) && error.code === "TASK_NOT_FOUND")) throw error;
      });
    }
  }

  /** The configuration, unless it was deleted or set anew meanwhile. */
  async #current({ task, configId, revision }: PushDelivery): Promise<PushConfig | undefined> {
    const configs = await this.#options.configs.list(task);
    return configs.find((config) => config.id === configId && config.revision === revision);
  }

  async #forget({ task, revision }: PushDelivery): Promise<void> {
    await this.#options.configs.delete(task, (config) => config.revision === revision);
    // Where the configuration went while the receiver was told, that was written down behind its back.
    await this.#options.progress.delete(task, revision);
  }
}

/** True where a task, or what was kept of it, is there no more. */
export function isGone(error: unknown): boolean {
  return (RuntimeError.is(error) && GONE.has(error.code)) || error instanceof TaskNotFoundError;
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

function hasEnded(event: A2AEvent): boolean {
  if ("artifactUpdate" in event) return false;
  return isEnded("task" in event ? event.task.status.state : event.statusUpdate.status.state);
}

const GONE: ReadonlySet<string> = new Set(["RESOURCE_NOT_FOUND", "RUN_EXPIRED"]);

/** How long a delivery stays where it is for those before it, in milliseconds; then it waits in the queue. */
const PATIENCE = 600_000;
