import { statSync } from "node:fs";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { SqliteQueries, SqliteValue } from "./sqlite-queries.ts";

/** An open file. All its methods are synchronous. */
export class SqliteConnection implements SqliteQueries {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #identity: string | undefined;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
    this.#identity = identityOf(path);
  }

  get<Row>(sql: string, ...values: readonly SqliteValue[]): Row | undefined {
    return this.#statement(sql).get(...values) as Row | undefined;
  }

  all<Row>(sql: string, ...values: readonly SqliteValue[]): readonly Row[] {
    return this.#statement(sql).all(...values) as unknown as readonly Row[];
  }

  each<Row>(sql: string, ...values: readonly SqliteValue[]): Iterable<Row> {
    return this.#statement(sql).iterate(...values) as unknown as Iterable<Row>;
  }

  run(sql: string, ...values: readonly SqliteValue[]): number {
    return Number(this.#statement(sql).run(...values).changes);
  }

  /** Runs several statements at once. */
  execute(sql: string): void {
    this.#database.exec(sql);
  }

  /** Does all of the work or, if it throws, nothing. Nobody else writes meanwhile: the lock is taken at the beginning. */
  transaction<T>(work: () => T): T {
    this.run("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.run("COMMIT");
      return result;
    } catch (error) {
      // SQLite may have ended the transaction by itself, as it does where the disk is full.
      if (this.#database.isTransaction) this.run("ROLLBACK");
      throw error;
    }
  }

  /** False once the file was deleted, or replaced by another. */
  isInPlace(): boolean {
    return identityOf(this.#path) === this.#identity;
  }

  close(): void {
    this.#database.close();
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

function identityOf(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && `${stats.dev}:${stats.ino}`;
}
