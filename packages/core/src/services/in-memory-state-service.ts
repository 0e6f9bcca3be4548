import { type SessionHandle, sessionKeyText } from "../contracts/session-key.ts";
import type {
  AgentState,
  ExportStateOptions,
  SaveStateOptions,
  StateService,
} from "../contracts/state-service.ts";
import { FenceGate } from "./fence-gate.ts";
import { InMemoryService } from "./in-memory-service.ts";
import { toJsonObjectText } from "./json-object.ts";
import { assertRound, keptRounds } from "./state-rounds.ts";

export interface InMemoryStateServiceOptions {
  /**
   * How many rounds a session keeps. A save past it drops the lowest round, though never the one it wrote.
   * Defaults to 10.
   */
  readonly keepRounds?: number | undefined;
}

/**
 * A {@link StateService} for development and tests: everything is lost on `stop()`, and the number of sessions has no
 * bound. A state is kept as `JSON.stringify` writes it.
 */
export class InMemoryStateService extends InMemoryService implements StateService {
  readonly #keepRounds: number;
  readonly #sessions = new Map<string, Map<number, string>>();
  readonly #gate = new FenceGate();

  constructor({ keepRounds }: InMemoryStateServiceOptions = {}) {
    super("InMemoryStateService");
    this.#keepRounds = keptRounds(keepRounds);
  }

  async saveState(
    session: SessionHandle,
    state: AgentState,
    options: SaveStateOptions = {},
  ): Promise<number> {
    this.assertStarted();
    this.#gate.admit(session);
    assertRound(options.roundId);
    const text = toJsonObjectText(state, "The state");
    const key = sessionKeyText(session);
    const rounds = this.#sessions.get(key) ?? new Map<number, string>();
    const round = options.roundId ?? Math.max(0, ...rounds.keys()) + 1;
    rounds.set(round, text);
    if (rounds.size > this.#keepRounds) {
      rounds.delete(Math.min(...rounds.keys().filter((other) => other !== round)));
    }
    this.#sessions.set(key, rounds);
    return round;
  }

  async exportState(
    session: SessionHandle,
    options: ExportStateOptions = {},
  ): Promise<AgentState | undefined> {
    this.assertStarted();
    this.#gate.note(session);
    assertRound(options.roundId);
    const rounds = this.#sessions.get(sessionKeyText(session));
    if (rounds === undefined) return undefined;
    const text = rounds.get(options.roundId ?? Math.max(...rounds.keys()));
    return text === undefined ? undefined : (JSON.parse(text) as AgentState);
  }

  async deleteState(session: SessionHandle): Promise<void> {
    this.assertStarted();
    this.#gate.admit(session);
    this.#sessions.delete(sessionKeyText(session));
  }

  protected override clear(): void {
    this.#sessions.clear();
    this.#gate.clear();
  }
}
