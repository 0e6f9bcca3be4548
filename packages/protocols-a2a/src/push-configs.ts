import { RequestMalformedError } from "@a2a-js/sdk/errors";
import type { RunSession } from "@agentscope-runtime/core";
import { z } from "zod";
import { PushConfig } from "./push-config.ts";
import type { PushProgress } from "./push-progress.ts";
import type { PushStore } from "./push-store.ts";

/** Whose task it is. */
export interface TaskKey {
  readonly agent: string;
  readonly userId: string;
  readonly taskId: string;
}

/** Keeps where to tell of tasks, each for a month at the most. What goes takes along how far its receiver was told. */
export class PushConfigs {
  readonly #store: PushStore;
  readonly #progress: PushProgress;
  /** The last change of each task that is being changed. */
  readonly #changes = new Map<string, Promise<void>>();

  constructor(store: PushStore, progress: PushProgress) {
    this.#store = store;
    this.#progress = progress;
  }

  async list(task: TaskKey): Promise<readonly PushConfig[]> {
    return (await this.#saved(task)).filter(isCurrent);
  }

  async save(task: TaskKey, config: PushConfig): Promise<void> {
    await this.#update(task, (configs) => {
      const others = configs.filter(({ id }) => id !== config.id);
      if (others.length >= MAX_CONFIGS) {
        throw new RequestMalformedError(
          `A task has ${MAX_CONFIGS} push notification configurations at most.`,
        );
      }
      return [...others, config];
    });
  }

  /** Deletes what `isOver` says is over. */
  async delete(task: TaskKey, isOver: (config: PushConfig) => boolean): Promise<void> {
    await this.#update(task, (configs) => configs.filter((config) => !isOver(config)));
  }

  async #saved(task: TaskKey): Promise<readonly PushConfig[]> {
    const saved = await this.#store.read(KIND, toPlace(task));
    return saved === undefined ? [] : Saved.parse(saved).configs;
  }

  // One at a time for each task, so that of two that are set at once none is lost.
  async #update(
    task: TaskKey,
    change: (configs: readonly PushConfig[]) => readonly PushConfig[],
  ): Promise<void> {
    const lane = JSON.stringify([task.agent, task.userId, task.taskId]);
    const done = (this.#changes.get(lane) ?? Promise.resolve()).then(async () => {
      const saved = await this.#saved(task);
      const configs = change(saved.filter(isCurrent));
      const gone = saved.filter((config) => !configs.includes(config));
      await this.#store.write(KIND, toPlace(task), configs.length === 0 ? undefined : { configs });
      for (const { revision } of gone) await this.#progress.delete(task, revision);
    });
    const settled = done
      .catch(() => undefined)
      .then(() => {
        if (this.#changes.get(lane) === settled) this.#changes.delete(lane);
      });
    this.#changes.set(lane, settled);
    await done;
  }
}

function isCurrent({ setAt }: PushConfig): boolean {
  return setAt > Date.now() - LIFETIME;
}

function toPlace({ agent, userId, taskId }: TaskKey): RunSession {
  return { agent, userId, sessionId: taskId };
}

const Saved: z.ZodType<{ configs: PushConfig[] }> = z.object({ configs: z.array(PushConfig) });

const KIND = "a2a push";
const MAX_CONFIGS = 10;
const LIFETIME = 30 * 24 * 3_600_000;
