import {
  type AgentState,
  type RunSession,
  RuntimeError,
  type StateService,
  sessionKeyText,
} from "@agentscope-runtime/core";

export interface PushStoreOptions {
  /** The state service to keep it in, by the agent whose task it is about; `undefined` keeps it in `memory`. */
  readonly stateOf: (agent: string) => StateService | undefined;
  readonly memory: Map<string, AgentState>;
  /** How long a state service may take, in milliseconds. */
  readonly timeout: number;
}

/** Keeps JSON objects about tasks, apart from the sessions of the agents. Rejects with `SERVICE_UNAVAILABLE`, in time. */
export class PushStore {
  readonly #options: PushStoreOptions;

  constructor(options: PushStoreOptions) {
    this.#options = options;
  }

  async read(kind: string, place: RunSession): Promise<AgentState | undefined> {
    const key = toKey(kind, place);
    const state = this.#options.stateOf(place.agent);
    if (state === undefined) return this.#options.memory.get(sessionKeyText(key));
    return this.#inTime(() => state.exportState(key, { roundId: ROUND }));
  }

  /** Replaces what is there; `undefined` deletes it. */
  async write(kind: string, place: RunSession, value: AgentState | undefined): Promise<void> {
    const key = toKey(kind, place);
    const state = this.#options.stateOf(place.agent);
    if (state === undefined) this.#remember(sessionKeyText(key), value);
    else if (value === undefined) await this.#inTime(() => state.deleteState(key));
    else await this.#inTime(() => state.saveState(key, value, { roundId: ROUND }));
  }

  #remember(key: string, value: AgentState | undefined): void {
    const { memory } = this.#options;
    memory.delete(key);
    if (value !== undefined) memory.set(key, value);
    const [oldest] = memory.keys();
    if (memory.size > MAX_REMEMBERED && oldest !== undefined) memory.delete(oldest);
  }

  // A service that never answers must not keep others waiting.
  async #inTime<Value>(work: () => Promise<Value>): Promise<Value> {
    const late = Promise.withResolvers<never>();
    const error = new Error(`The state service has not answered for ${this.#options.timeout} ms.`);
    const timer = setTimeout(() => late.reject(error), this.#options.timeout);
    try {
      return await Promise.race([work(), late.promise]);
    } catch (cause) {
      const message = "What is known of push notifications can't be reached: try again later.";
      throw new RuntimeError("SERVICE_UNAVAILABLE", message, { cause, retryAfter: 5 });
    } finally {
      clearTimeout(timer);
    }
  }
}

function toKey(kind: string, { agent, ...place }: RunSession): RunSession {
  return { ...place, agent: JSON.stringify([kind, agent]) };
}

const ROUND = 1;

/** How much this process remembers where nobody else does. */
const MAX_REMEMBERED = 20_000;
