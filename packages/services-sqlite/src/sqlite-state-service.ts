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
import { SqliteService, type SqliteServiceOptions } from "./sqlite-service.ts";

export type SqliteStateServiceOptions = SqliteServiceOptions & {
  /**
   * How many rounds a session keeps. A save past it drops the lowest rounds, though never the one it wrote.
   * Defaults to 10.
   */
  readonly keepRounds?: number | undefined;
};

/** A {@link StateService} in an SQLite file. A state is kept as `JSON.stringify` writes it. */
export class SqliteStateService extends SqliteService implements StateService {
  readonly #keepRounds: number;

  constructor(options: SqliteStateServiceOptions) {
    super("SqliteStateService", options);
    this.#keepRounds = keptRounds(options.keepRounds);
  }

  async saveState(
    session: SessionHandle,
    state: AgentState,
    options: SaveStateOptions = {},
  ): Promise<number> {
    this.assertStarted();
    assertRound(options.roundId);
    const text = toJsonObjectText(state, "The state");
    const key = sessionKeyText(session);
    return this.writeSession(session, (queries) => {
      const highest = queries.get<{ round: number }>(HIGHEST_ROUND, key)?.round ?? 0;
      const round = options.roundId ?? highest + 1;
      assertRound(round);
      queries.run(SAVE_ROUND, key, round, text);
      queries.run(DROP_ROUNDS, key, round, key, round, this.#keepRounds - 1);
      return round;
    });
  }

  async exportState(
    session: SessionHandle,
    options: ExportStateOptions = {},
  ): Promise<AgentState | undefined> {
    this.assertStarted();
    assertRound(options.roundId);
    const key = sessionKeyText(session);
    const row = await this.readSession(session, (queries) =>
      options.roundId === undefined
        ? queries.get<StateRow>(EXPORT_HIGHEST, key)
        : queries.get<StateRow>(EXPORT_ROUND, key, options.roundId),
    );
    return row && (JSON.parse(row.state) as AgentState);
  }

  async deleteState(session: SessionHandle): Promise<void> {
    const key = sessionKeyText(session);
    await this.writeSession(session, (queries) => queries.run("DELETE FROM states WHERE session = ?", key));
  }
}

interface StateRow {
  readonly state: string;
}

const HIGHEST_ROUND = "SELECT max(round) AS round FROM states WHERE session = ?";
const SAVE_ROUND = `
  INSERT INTO states (session, round, state) VALUES (?, ?, ?)
  ON CONFLICT (session, round) DO UPDATE SET state = excluded.state`;
const DROP_ROUNDS = `
  DELETE FROM states WHERE session = ? AND round <> ?
    AND round NOT IN (SELECT round FROM states WHERE session = ? AND round <> ? ORDER BY round DESC LIMIT ?)`;
const EXPORT_HIGHEST = "SELECT state FROM states WHERE session = ? ORDER BY round DESC LIMIT 1";
const EXPORT_ROUND = "SELECT state FROM states WHERE session = ? AND round = ?";
