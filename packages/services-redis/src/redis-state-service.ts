import {
  type AgentState,
  assertRound,
  type ExportStateOptions,
  keptRounds,
  type SaveStateOptions,
  type SessionHandle,
  type StateService,
  sessionKeyText,
  toJsonObjectText,
} from "@agentscope-runtime/core";
import { RedisService, type RedisServiceOptions } from "./redis-service.ts";
import { DELETE_STATE, EXPORT_STATE, SAVE_STATE } from "./scripts/state-scripts.ts";
import { ttlArgument } from "./session-ttl.ts";

export interface RedisStateServiceOptions extends RedisServiceOptions {
  /**
   * How many rounds a session keeps. A save past it drops the lowest rounds, though never the one it wrote.
   * Defaults to 10.
   */
  readonly keepRounds?: number | undefined;
  /** How long after its last save a session's state may be dropped, in milliseconds. Defaults to never. */
  readonly sessionTtl?: number | undefined;
}

/** A {@link StateService} over Redis: a hash per session, from round to the state as `JSON.stringify` writes it. */
export class RedisStateService extends RedisService implements StateService {
  readonly #keepRounds: number;
  readonly #ttl: string;

  constructor(options: RedisStateServiceOptions) {
    super("RedisStateService", "state", options);
    const { sessionTtl } = options;
    this.#keepRounds = keptRounds(options.keepRounds);
    this.#ttl = ttlArgument(sessionTtl);
  }

  async saveState(
    session: SessionHandle,
    state: AgentState,
    options: SaveStateOptions = {},
  ): Promise<number> {
    const round = roundArgument(options.roundId);
    const text = toJsonObjectText(state, "The state");
    const args = [...this.#args(session), round, `${this.#keepRounds}`, text];
    return Number(await this.run(SAVE_STATE, this.#keys(session), args));
  }

  async exportState(
    session: SessionHandle,
    options: ExportStateOptions = {},
  ): Promise<AgentState | undefined> {
    const args = [...this.#args(session), roundArgument(options.roundId)];
    const text = await this.run(EXPORT_STATE, this.#keys(session), args);
    return text === null ? undefined : (JSON.parse(String(text)) as AgentState);
  }

  async deleteState(session: SessionHandle): Promise<void> {
    await this.run(DELETE_STATE, this.#keys(session), this.#args(session));
  }

  #keys(session: SessionHandle): string[] {
    return [this.fenceKey(session), this.key("rounds", sessionKeyText(session))];
  }

  #args({ fence }: SessionHandle): string[] {
    return [`${fence ?? ""}`, this.#ttl];
  }
}

function roundArgument(round: number | undefined): string {
  assertRound(round);
  return `${round ?? ""}`;
}
