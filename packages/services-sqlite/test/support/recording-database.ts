import { SqliteDatabase, type SqliteQueries, type SqliteValue } from "@agentscope-runtime/services-sqlite";

/** A statement that was run, and how many rows it gave. */
export interface RecordedQuery {
  readonly sql: string;
  readonly values: readonly SqliteValue[];
  readonly rows: number;
}

/** A database that tells what is asked of it. */
export class RecordingDatabase extends SqliteDatabase {
  readonly queries: RecordedQuery[] = [];
  transactions = 0;

  override read<T>(work: (queries: SqliteQueries) => T): Promise<T> {
    return super.read((queries) => work(this.#recorded(queries)));
  }

  override write<T>(work: (queries: SqliteQueries) => T): Promise<T> {
    this.transactions++;
    return super.write((queries) => work(this.#recorded(queries)));
  }

  /** How SQLite finds the rows of each recorded query, as `EXPLAIN QUERY PLAN` says. */
  async plans(): Promise<readonly string[]> {
    const asked = this.queries.filter(({ sql }) => !sql.startsWith("SAVEPOINT"));
    const plans = asked.map(({ sql, values }) =>
      super.read((queries) => queries.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...values)),
    );
    return (await Promise.all(plans)).flat().map(({ detail }) => detail);
  }

  #recorded(queries: SqliteQueries): SqliteQueries {
    const record = (sql: string, values: readonly SqliteValue[], rows: number) =>
      this.queries.push({ sql, values, rows });
    return {
      get: <Row>(sql: string, ...values: readonly SqliteValue[]) => {
        const row = queries.get<Row>(sql, ...values);
        record(sql, values, row === undefined ? 0 : 1);
        return row;
      },
      all: <Row>(sql: string, ...values: readonly SqliteValue[]) => {
        const rows = queries.all<Row>(sql, ...values);
        record(sql, values, rows.length);
        return rows;
      },
      each: <Row>(sql: string, ...values: readonly SqliteValue[]) => {
        const query = { sql, values, rows: 0 };
        this.queries.push(query);
        return counted(queries.each<Row>(sql, ...values), query);
      },
      run: (sql, ...values) => {
        record(sql, values, 0);
        return queries.run(sql, ...values);
      },
    };
  }
}

/** The rows as they are read. */
function* counted<Row>(rows: Iterable<Row>, query: { rows: number }): Iterable<Row> {
  for (const row of rows) {
    query.rows++;
    yield row;
  }
}
