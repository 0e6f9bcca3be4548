/** A statement and what stands for its `$1`, `$2` …; without values it may be several statements. */
export interface PostgresQuery {
  readonly text: string;
  // Not readonly: the driver's own types would not take it.
  readonly values?: unknown[];
  /** After how many milliseconds without an answer the connection is given up. */
  readonly query_timeout?: number;
}

export interface PostgresResult {
  readonly rows: readonly unknown[];
}

export interface PostgresNotice {
  readonly payload?: string | undefined;
}

/** What a `Pool` of the driver `pg` offers, as far as it is used here. */
export interface PostgresPool {
  query(query: PostgresQuery): Promise<PostgresResult>;
  connect(): Promise<PostgresPoolClient>;
  on(event: "error", listener: (error: Error) => void): unknown;
  off(event: "error", listener: (error: Error) => void): unknown;
}

/** What a client that was taken from a `Pool` of the driver `pg` offers, as far as it is used here. */
export interface PostgresPoolClient {
  query(query: PostgresQuery): Promise<PostgresResult>;
  release(destroy?: boolean): void;
  /** Lets the process end although the connection is open. */
  unref?(): void;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  on(event: "notification", listener: (notice: PostgresNotice) => void): unknown;
  off(event: "error", listener: (error: Error) => void): unknown;
}
