/** What SQLite can hold, as far as it is used here. Ids and other free text go in as JSON: see {@link toSqlText}. */
export type SqliteValue = string | number | null;

/** What the work of a service may do with the database. The same statement is prepared once. */
export interface SqliteQueries {
  /** The first row, or `undefined` where there is none. */
  get<Row>(sql: string, ...values: readonly SqliteValue[]): Row | undefined;

  /** Every row. */
  all<Row>(sql: string, ...values: readonly SqliteValue[]): readonly Row[];

  /** Every row, one after another, so that the rest need not be read. */
  each<Row>(sql: string, ...values: readonly SqliteValue[]): Iterable<Row>;

  /** How many rows were changed. */
  run(sql: string, ...values: readonly SqliteValue[]): number;
}

/** The text a string is kept as: SQLite's own can hold neither lone surrogates nor, as Node reads it, `\0`. */
export function toSqlText(text: string): string {
  return JSON.stringify(text);
}

/** The string that was kept as `sqlText`. */
export function fromSqlText(sqlText: string): string {
  return JSON.parse(sqlText) as string;
}
