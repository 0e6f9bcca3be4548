import type { Service } from "./service.ts";
import type { SessionHandle } from "./session-key.ts";

/** An agent's state: a JSON object. */
export type AgentState = Record<string, unknown>;

export interface SaveStateOptions {
  /** The round to write, a whole number from 0; an existing one is replaced. Defaults to one past the highest. */
  readonly roundId?: number | undefined;
}

export interface ExportStateOptions {
  /** The round to read. Defaults to the highest. */
  readonly roundId?: number | undefined;
}

/** Keeps snapshots of agent state, numbered by round from 1, per session. */
export interface StateService extends Service {
  /**
   * Saves a copy of `state` and resolves to the round it was written to; concurrent saves never share one.
   * Rejects with `INVALID_PARAMETER` what is not a JSON object, and with `FENCED` a writer that was superseded.
   */
  saveState(session: SessionHandle, state: AgentState, options?: SaveStateOptions): Promise<number>;

  /** Resolves to a copy of the saved state, or to `undefined` when there is none. */
  exportState(session: SessionHandle, options?: ExportStateOptions): Promise<AgentState | undefined>;

  /** Deletes every round. Deleting what is not there does nothing. */
  deleteState(session: SessionHandle): Promise<void>;
}
