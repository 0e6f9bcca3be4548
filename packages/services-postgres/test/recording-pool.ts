import type { PostgresPool, PostgresQuery } from "@agentscope-runtime/services-postgres";
import { Pool } from "pg";

/** A pool that keeps the statements it was given, so that a test can ask the server how it runs them. */
export class RecordingPool implements PostgresPool {
  readonly statements: PostgresQuery[] = [];
  readonly #pool: Pool;

  constructor(url: string) {
    this.#pool = new Pool({ connectionString: url });
  }

  query(query: PostgresQuery) {
    this.statements.push(query);
    return this.#pool.query(query);
  }

  connect() {
    return this.#pool.connect();
  }

  on(event: "error", listener: (error: Error) => void) {
    return this.#pool.on(event, listener);
  }

  off(event: "error", listener: (error: Error) => void) {
    return this.#pool.off(event, listener);
  }

  end(): Promise<void> {
    return this.#pool.end();
  }

  /** Runs the last statement once more and resolves to every step of its plan. */
  async explainLast(): Promise<readonly PlanStep[]> {
    const { text = "", values } = this.statements.at(-1) ?? {};
    const explain = `explain (analyze, format json) ${text}`;
    const { rows } = await this.#pool.query({ text: explain, ...(values && { values }) });
    return stepsOf(rows[0]["QUERY PLAN"][0].Plan);
  }
}

/** A step of a plan, as `explain` names its properties. */
export interface PlanStep {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Actual Rows": number;
  readonly Plans?: readonly PlanStep[];
}

function stepsOf(step: PlanStep): readonly PlanStep[] {
  return [step, ...(step.Plans ?? []).flatMap(stepsOf)];
}
