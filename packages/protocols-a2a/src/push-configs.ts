import { RequestMalformedError } from "@a2a-js/sdk/errors";
import { type SessionKey, type StateService, sessionKeyText } from "@agentscope-runtime/core";
import { z } from "zod";
import { PushConfig } from "./push-config.ts";

/** Whose task it is. */
export interface TaskKey {
  readonly agent: string;
  readonly userId: string;
  readonly taskId: string;
}

/** Keeps where to tell of tasks: in a state service where there is one, else in this process. */
export class PushConfigs {
  readonly #state: (agent: string) => StateService | undefined;
  readonly #memory = new Map<string, readonly PushConfig[]>();
  #change: Promise<unknown> = Promise.resolve();

  constructor(state: (agent: string) => StateService | undefined) {
    this.#state = state;
  }

  async list(task: TaskKey): Promise<readonly PushConfig[]> {
    const state = this.#state(task.agent);
    const key = toSession(task);
    if (state === undefined) return this.#memory.get(sessionKeyText(key)) ?? [];
    const saved = await state.exportState(key, { roundId: ROUND });
    return saved === undefined ? [] : Saved.parse(saved).configs;
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

  async delete(task: TaskKey, id: string): Promise<void> {
    await this.#update(task, (configs) => configs.filter((config) => config.id !== id));
  }

  // One at a time, so that of two that are set at once none is lost.
  #update(task: TaskKey, change: (configs: readonly PushConfig[]) => readonly PushConfig[]): Promise<void> {
    const done = this.#change.then(async () => this.#write(task, change(await this.list(task))));
    this.#change = done.catch(() => undefined);
    return done;
  }

  async #write(task: TaskKey, configs: readonly PushConfig[]): Promise<void> {
    const state = this.#state(task.agent);
    const key = toSession(task);
    if (state !== undefined) {
      if (configs.length === 0) await state.deleteState(key);
      else await state.saveState(key, { configs }, { roundId: ROUND });
      return;
    }
    const text = sessionKeyText(key);
    this.#memory.delete(text);
    if (configs.length > 0) this.#memory.set(text, configs);
    const [oldest] = this.#memory.keys();
    if (this.#memory.size > MAX_TASKS && oldest !== undefined) this.#memory.delete(oldest);
  }
}

/** Apart from the sessions of the agent itself. */
function toSession({ agent, userId, taskId }: TaskKey): SessionKey {
  return { agent: JSON.stringify(["a2a push", agent]), userId, sessionId: taskId };
}

const Saved: z.ZodType<{ configs: PushConfig[] }> = z.object({ configs: z.array(PushConfig) });

const ROUND = 1;
const MAX_CONFIGS = 10;
/** Of how many tasks this process remembers them where nobody else does. */
const MAX_TASKS = 10_000;
