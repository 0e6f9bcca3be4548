import { RuntimeError, type Service, type SessionHandle } from "@agentscope-runtime/core";
import { admitFence, isFenceNoted, noteFence } from "./fences.ts";
import { SqliteDatabase, type SqliteDatabaseOptions } from "./sqlite-database.ts";
import type { SqliteQueries } from "./sqlite-queries.ts";

/** The file of a service: its own, or one that it shares with others. */
export type SqliteServiceOptions =
  | (SqliteDatabaseOptions & { readonly database?: undefined })
  | { readonly database: SqliteDatabase };

/** What the services over an {@link SqliteDatabase} have in common: their life, and the fences of sessions. */
export abstract class SqliteService implements Service {
  readonly #name: string;
  readonly #database: SqliteDatabase;

  constructor(name: string, options: SqliteServiceOptions) {
    this.#name = name;
    this.#database = options.database ?? new SqliteDatabase(options);
  }

  start(): Promise<void> {
    return this.#database.attach(this);
  }

  stop(): Promise<void> {
    return this.#database.detach(this);
  }

  async health(): Promise<boolean> {
    return this.#database.isAttached(this) && this.#database.health();
  }

  /** Throws `SERVICE_NOT_STARTED` before `start()` and after `stop()`. */
  protected assertStarted(): void {
    if (!this.#database.isAttached(this)) {
      throw new RuntimeError("SERVICE_NOT_STARTED", `${this.#name} is not started: call start() first.`);
    }
  }

  /** Work on no session in particular that only reads. */
  protected async read<T>(work: (queries: SqliteQueries) => T): Promise<T> {
    this.assertStarted();
    return this.#database.read(work);
  }

  /** Work on no session in particular. */
  protected async write<T>(work: (queries: SqliteQueries) => T): Promise<T> {
    this.assertStarted();
    return this.#database.write(work);
  }

  /** Work that only reads; the session's fence is taken note of before. */
  protected async readSession<T>(session: SessionHandle, work: (queries: SqliteQueries) => T): Promise<T> {
    const result = await this.read((queries) =>
      isFenceNoted(queries, session) ? { value: work(queries) } : undefined,
    );
    if (result !== undefined) return result.value;
    return this.write((queries) => {
      noteFence(queries, session);
      return work(queries);
    });
  }

  /** Work on a session, unless its run was superseded; the fence is raised even where the work throws. */
  protected async writeSession<T>(session: SessionHandle, work: (queries: SqliteQueries) => T): Promise<T> {
    const outcome = await this.write((queries) => {
      admitFence(queries, session);
      return attempt(queries, work);
    });
    return outcome();
  }
}

/** Gives the result of the work, or throws its `RuntimeError`, when called; what the work wrote before that is undone now. */
function attempt<T>(queries: SqliteQueries, work: (queries: SqliteQueries) => T): () => T {
  queries.run("SAVEPOINT work");
  try {
    const result = work(queries);
    return () => result;
  } catch (error) {
    if (!RuntimeError.is(error)) throw error;
    queries.run("ROLLBACK TO work");
    return () => {
      throw error;
    };
  }
}
