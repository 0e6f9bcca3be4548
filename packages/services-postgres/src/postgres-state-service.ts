import {
  type AgentState,
  assertRound,
  type ExportStateOptions,
  keptRounds,
  type SaveStateOptions,
  type SessionHandle,
  type StateService,
  toJsonObjectText,
} from "@agentscope-runtime/core";
import { PostgresService, type PostgresServiceOptions } from "./postgres-service.ts";

export type PostgresStateServiceOptions = PostgresServiceOptions & {
  /**
   * How many rounds a session keeps. A save past it drops the lowest rounds, though never the one it wrote.
   * Defaults to 10.
   */
  readonly keepRounds?: number | undefined;
};

/** A {@link StateService} in Postgres. A state is kept as `JSON.stringify` writes it. */
export class PostgresStateService extends PostgresService implements StateService {
  readonly #keepRounds: number;

  constructor(options: PostgresStateServiceOptions) {
    super("PostgresStateService", options);
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
    const values = [options.roundId, text, this.#keepRounds];
    const [row] = await this.write<{ result: string }>("save_state", session, ...values);
    return Number(row?.result);
  }

  async exportState(
    session: SessionHandle,
    { roundId }: ExportStateOptions = {},
  ): Promise<AgentState | undefined> {
    this.assertStarted();
    assertRound(roundId);
    const [row] =
      roundId === undefined
        ? await this.read<StateRow>(session, EXPORT_HIGHEST)
        : await this.read<StateRow>(session, EXPORT_ROUND, roundId);
    return row && (JSON.parse(row.state) as AgentState);
  }

  async deleteState(session: SessionHandle): Promise<void> {
    await this.write("delete_state", session);
  }
}

interface StateRow {
  readonly state: string;
}

const EXPORT_HIGHEST = (schema: string) => `
  select state from ${schema}.states
  where session = (select number from ${schema}.gates where digest = $1)
  order by round desc limit 1`;
const EXPORT_ROUND = (schema: string) => `
  select state from ${schema}.states
  where session = (select number from ${schema}.gates where digest = $1) and round = $2`;
