import { RuntimeError, type Service } from "@agentscope-runtime/core";
import { Pool } from "pg";
import { migrate } from "./migrate.ts";
import { toRuntimeError } from "./postgres-error.ts";
import type { PostgresPool, PostgresPoolClient } from "./postgres-pool.ts";
import { quoteSchema } from "./quote-schema.ts";

interface PostgresSchemaOptions {
  /** Where the tables are: created if need be, and nothing else's. Defaults to `agentscope_runtime`. */
  readonly schema?: string | undefined;
  /** How long a statement may take, in milliseconds, before the call rejects. Defaults to 10 seconds. */
  readonly statementTimeout?: number | undefined;
}

export interface PostgresUrlOptions extends PostgresSchemaOptions {
  /** Where the database is, such as `postgres://user:password@host:5432/database`. */
  readonly url: string;
  /** How many connections there may be, beside one that a run store listens on. Defaults to 10. */
  readonly poolSize?: number | undefined;
  /** How long a call waits for a connection, in milliseconds, before it rejects. Defaults to 5 seconds. */
  readonly connectTimeout?: number | undefined;
  readonly pool?: undefined;
}

export interface PostgresPoolOptions extends PostgresSchemaOptions {
  /**
   * A `Pool` of the driver `pg`, which stays the caller's to end. Give it a `connectionTimeoutMillis`. A run store listens
   * on one of its connections, and needs others beside it.
   */
  readonly pool: PostgresPool;
}

export type PostgresConnectionOptions = PostgresUrlOptions | PostgresPoolOptions;

/** One pool of connections for any number of services over one schema: open while any of them is started. */
export class PostgresConnection implements Service {
  /** The schema's name as it stands in SQL. */
  readonly schema: string;
  readonly #schema: string;
  readonly #options: PostgresConnectionOptions;
  readonly #statementTimeout: number;
  readonly #users = new Set<object>();
  #opening: Promise<OpenPool> | undefined;
  #open: OpenPool | undefined;

  constructor(options: PostgresConnectionOptions) {
    this.#schema = options.schema ?? "agentscope_runtime";
    this.schema = quoteSchema(this.#schema);
    this.#statementTimeout = wholeFromOne(options.statementTimeout ?? 10_000, "statementTimeout");
    if (options.pool === undefined) assertUrlOptions(options);
    this.#options = options;
  }

  /** Keeps the connection open beside the services that use it; they don't need it. */
  start(): Promise<void> {
    return this.attach(this);
  }

  stop(): Promise<void> {
    return this.detach(this);
  }

  async health(): Promise<boolean> {
    return this.isAttached(this) && this.ping();
  }

  /** Opens the connection for a service, with the schema up to date; attaching an attached one does nothing. */
  async attach(user: object): Promise<void> {
    this.#users.add(user);
    this.#opening ??= this.#connect();
    const opening = this.#opening;
    try {
      const open = await opening;
      if (this.#opening === opening) this.#open = open;
    } catch (error) {
      this.#users.delete(user);
      if (this.#opening === opening) this.#opening = undefined;
      throw toRuntimeError(error);
    }
  }

  /** Closes the connection after the last service; what is under way ends first. */
  async detach(user: object): Promise<void> {
    if (!this.#users.delete(user) || this.#users.size > 0) return;
    const opening = this.#opening;
    this.#opening = undefined;
    this.#open = undefined;
    const open = await opening?.catch(() => undefined);
    // A pool that is ended forgets those who still wait for a connection.
    await Promise.allSettled(open?.running ?? []);
    await open?.close();
  }

  isAttached(user: object): boolean {
    return this.#open !== undefined && this.#users.has(user);
  }

  /** True if the database answers. */
  async ping(): Promise<boolean> {
    return this.query("select 1").then(
      () => true,
      () => false,
    );
  }

  /** Runs one statement and resolves to its rows; rejects with a `RuntimeError` whatever goes wrong. */
  async query<Row>(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    const open = this.#assertOpen();
    const query_timeout = this.#statementTimeout + GRACE;
    const running = open.pool.query({ text, values: [...values], query_timeout });
    open.running.add(running);
    try {
      return (await running).rows as readonly Row[];
    } catch (error) {
      throw toRuntimeError(error);
    } finally {
      open.running.delete(running);
    }
  }

  /** A connection that is the caller's until it is released. */
  async connect(): Promise<PostgresPoolClient> {
    const open = this.#assertOpen();
    try {
      return await open.pool.connect();
    } catch (error) {
      throw toRuntimeError(error);
    }
  }

  #assertOpen(): OpenPool {
    if (this.#open !== undefined) return this.#open;
    throw new RuntimeError("SERVICE_NOT_STARTED", "PostgresConnection is not started: call start() first.");
  }

  async #connect(): Promise<OpenPool> {
    const open = openPool(this.#options, this.#statementTimeout);
    try {
      await migrate(open.pool, this.#schema);
      return open;
    } catch (error) {
      await open.close();
      throw error;
    }
  }
}

interface OpenPool {
  readonly pool: PostgresPool;
  readonly running: Set<Promise<unknown>>;
  close(): Promise<void>;
}

function openPool(options: PostgresConnectionOptions, statementTimeout: number): OpenPool {
  if (options.pool !== undefined) {
    const { pool } = options;
    pool.on("error", ignore);
    return { pool, running: new Set(), close: async () => void pool.off("error", ignore) };
  }
  const pool = new Pool({
    connectionString: options.url,
    max: (options.poolSize ?? 10) + 1,
    connectionTimeoutMillis: options.connectTimeout ?? 5000,
    statement_timeout: statementTimeout,
    query_timeout: statementTimeout + GRACE,
    fallback_application_name: "agentscope-runtime",
    keepAlive: true,
    allowExitOnIdle: true,
  });
  pool.on("error", ignore);
  return { pool, running: new Set(), close: () => pool.end() };
}

// A connection that breaks while it idles is replaced; without a listener the event would end the process.
function ignore(): void {}

/** How much longer than the server, which can say what happened, the driver waits, in milliseconds. */
const GRACE = 500;

function assertUrlOptions({ url, poolSize = 1, connectTimeout = 1 }: PostgresUrlOptions): void {
  if (!/^postgres(ql)?:\/\//.test(url)) {
    throw new RuntimeError("CONFIGURATION_ERROR", "The url begins with postgres:// or postgresql://.");
  }
  wholeFromOne(poolSize, "poolSize");
  wholeFromOne(connectTimeout, "connectTimeout");
}

function wholeFromOne(value: number, name: string): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new RuntimeError("CONFIGURATION_ERROR", `${name} is a whole number from 1.`);
}
