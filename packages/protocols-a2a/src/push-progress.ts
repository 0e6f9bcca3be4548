import type { RunSession } from "@agentscope-runtime/core";
import { z } from "zod";
import type { TaskKey } from "./push-configs.ts";
import type { PushStore } from "./push-store.ts";

/** An entry in the log of one of a task's runs; -1 is before the first. */
export interface PushPlace {
  readonly runId: string;
  readonly seq: number;
}
export const PushPlace: z.ZodType<PushPlace> = z.object({ runId: z.string(), seq: z.int().min(-1) });

/** Keeps how far the receivers of a task have been told. */
export class PushProgress {
  readonly #store: PushStore;

  constructor(store: PushStore) {
    this.#store = store;
  }

  /** The last entry that a configuration's receiver was told of; `undefined` before the first. */
  async read(task: TaskKey, revision: string): Promise<PushPlace | undefined> {
    const saved = await this.#store.read(KIND, toPlace(task, revision));
    return saved === undefined ? undefined : PushPlace.parse(saved);
  }

  async write(task: TaskKey, revision: string, place: PushPlace): Promise<void> {
    await this.#store.write(KIND, toPlace(task, revision), { ...place });
  }

  async delete(task: TaskKey, revision: string): Promise<void> {
    await this.#store.write(KIND, toPlace(task, revision), undefined);
  }
}

function toPlace({ agent, userId, taskId }: TaskKey, revision: string): RunSession {
  return { agent, userId, sessionId: JSON.stringify([taskId, revision]) };
}

const KIND = "a2a push progress";
